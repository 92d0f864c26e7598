/** What a plan means, without a page to show it on. */

import type { IPlan, IRow } from './protocol';

export type Column = 'name' | 'type' | 'nbytes' | 'verdict' | 'reason';

const VERDICTS: readonly string[] = ['moves', 'rebuilt', 'stays'];

/** `frame['deep'][1]`. */
export function nameOf(row: IRow): string {
  return `${row.name}${row.path}`;
}

/** `rows` by one column; equal ones by size, the largest first. */
export function sorted(rows: readonly IRow[], column: Column, isDescending: boolean): IRow[] {
  const sign = isDescending ? -1 : 1;
  return [...rows].sort((a, b) => sign * compared(a, b, column) || b.nbytes - a.nbytes);
}

function compared(a: IRow, b: IRow, column: Column): number {
  switch (column) {
    case 'nbytes':
      return a.nbytes - b.nbytes;
    case 'verdict':
      return VERDICTS.indexOf(a.verdict) - VERDICTS.indexOf(b.verdict);
    case 'name':
      return compareTexts(nameOf(a), nameOf(b));
    default:
      return compareTexts(a[column], b[column]);
  }
}

/** Names of a program are compared as they are, which is also fast. */
function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** First and last row (exclusive) that a view shows, with some to spare at both ends. */
export function inView(
  top: number,
  height: number,
  rowHeight: number,
  spare: number,
  count: number
): [number, number] {
  const first = Math.max(0, Math.floor(top / rowHeight) - spare);
  const end = Math.min(count, Math.ceil((top + height) / rowHeight) + spare);
  return [Math.min(first, count), end];
}

/** Whether the user leaves it here. */
export function isLeft(row: IRow, left: ReadonlySet<string>): boolean {
  return row.verdict !== 'stays' && left.has(row.name);
}

/** What would go without what is left: bytes, seconds (null where not known), and how many objects stay. */
export function totals(
  plan: IPlan,
  left: ReadonlySet<string>
): { nbytes: number; seconds: number | null; staying: number } {
  const saved = plan.rows
    .filter(row => isLeft(row, left))
    .reduce((sum, row) => sum + row.nbytes, 0);
  const nbytes = Math.max(0, plan.nbytes - saved);
  const share = plan.nbytes > 0 ? nbytes / plan.nbytes : 0;
  return {
    nbytes,
    seconds: plan.seconds === null ? null : plan.seconds * share,
    staying: plan.rows.filter(row => row.verdict === 'stays').length
  };
}
