import { PlanTable } from '../planTable';
import type { IRow } from '../protocol';
import { trans } from './translation';

const HEIGHT = 240;
const rows: IRow[] = Array.from({ length: 10_000 }, (_, n) => ({
  name: `v${n}`,
  path: '',
  type: 'int',
  nbytes: n,
  verdict: n === 7 ? 'stays' : 'moves',
  reason: n === 7 ? 'it is a lock' : ''
}));

function found(table: PlanTable, selector: string): HTMLElement[] {
  const node: HTMLElement = table.node;
  return Array.from(node.querySelectorAll<HTMLElement>(selector));
}

function shown(table: PlanTable): HTMLElement[] {
  return found(table, '.jp-teleport-plan-row');
}

function open(): { table: PlanTable; view: HTMLElement } {
  const table = new PlanTable(trans);
  document.body.replaceChildren(table.node);
  const [view] = found(table, '.jp-teleport-plan-view');
  if (view === undefined) {
    throw new Error('no view');
  }
  Object.defineProperty(view, 'clientHeight', { value: HEIGHT });
  table.rows = rows;
  return { table, view };
}

describe('the table of a plan', () => {
  it('has only the rows in the page that are seen, wherever it is scrolled to', () => {
    const { table, view } = open();
    expect(shown(table)).toHaveLength(20);
    view.scrollTop = 24 * 5000;
    view.dispatchEvent(new Event('scroll'));
    expect(shown(table)).toHaveLength(30);
    expect(shown(table)[0]?.getAttribute('aria-rowindex')).toBe('4992');
    expect(table.node.getAttribute('aria-rowcount')).toBe('10001');
  });

  it('shows first what stays, with the reason, and a tick for what may be left', () => {
    const { table } = open();
    const [first, second] = shown(table);
    expect(first?.textContent).toContain('it is a lock');
    expect(first?.querySelector('input')?.disabled).toBe(true);
    const left = jest.fn();
    table.leftChanged.connect(left);
    second?.querySelector('input')?.click();
    expect([...table.left]).toEqual(['v9999']);
    expect(left).toHaveBeenCalledTimes(1);
    expect(shown(table)[1]?.dataset.verdict).toBe('left');
  });

  it('is sorted at a click, and says so to who cannot see it', () => {
    const { table } = open();
    const size = found(table, 'button').find(each => each.textContent === 'Size');
    size?.click();
    expect(shown(table)[0]?.textContent).toContain('v9999');
    const sorts = found(table, '[role=columnheader]').map(head => head.getAttribute('aria-sort'));
    expect(sorts.filter(sort => sort === 'descending')).toHaveLength(1);
  });
});
