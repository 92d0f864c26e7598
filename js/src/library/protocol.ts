/** What kernel and frontend say to each other over the comm; docs/PROTOCOL.md has the table. */

export const COMM_TARGET = 'pyteleport';
export const VERSION = 1;

/** Where a session is. */
export interface IPlace {
  readonly host: string;
  readonly target: string;
  readonly home: string;
  readonly pid: number;
}

/** `asked` is what this frontend says itself until the kernel has something to tell. */
export type Stage = 'asked' | 'connect' | 'start' | 'ship' | 'restore' | 'arrived' | 'failed';

/** A move under way; bytes and seconds. */
export interface IMove {
  readonly stage: Stage;
  readonly host: string;
  readonly seconds: number;
  readonly sent?: number;
  readonly total?: number;
  readonly sentence?: string;
}

export type LinkState = 'up' | 'trying' | 'lost';

/** The link to where the session is; `roundTrip` in milliseconds, `seconds` since it was lost. */
export interface ILink {
  readonly state: LinkState;
  readonly seconds: number;
  readonly roundTrip?: number;
}

/** What only the user can answer, with a text; `confirm` wants yes or no. */
export interface IQuestion {
  readonly id: string;
  readonly kind: string;
  readonly text: string;
  readonly secret: boolean;
}

export type Verdict = 'moves' | 'rebuilt' | 'stays';

/** A variable, or an object inside of one (`path`); `reason` says how it is made again, or why it stays. */
export interface IRow {
  readonly name: string;
  readonly path: string;
  readonly type: string;
  readonly nbytes: number;
  readonly verdict: Verdict;
  readonly reason: string;
}

/** What a move would do; `seconds` are null while no move there has shown how fast the link is. */
export interface IPlan {
  readonly target: string | null;
  readonly nbytes: number;
  readonly seconds: number | null;
  readonly count: number;
  readonly notes: readonly string[];
  readonly rows: readonly IRow[];
}

export type Message =
  | { readonly type: 'hello'; readonly version: number; readonly place: IPlace }
  | { readonly type: 'place'; readonly place: IPlace }
  | { readonly type: 'move'; readonly move: IMove }
  | { readonly type: 'link'; readonly link: ILink }
  | { readonly type: 'question'; readonly question: IQuestion }
  | { readonly type: 'answered'; readonly id: string }
  | {
      readonly type: 'plan';
      readonly id: string;
      readonly plan: IPlan | null;
      readonly sentence: string;
    };

const STAGES: readonly string[] = ['connect', 'start', 'ship', 'restore', 'arrived', 'failed'];
const LINKS: readonly string[] = ['up', 'trying', 'lost'];
const VERDICTS: readonly string[] = ['moves', 'rebuilt', 'stays'];

/** The message in `data`, null for what is none of this version: a kernel may say anything. */
export function parseMessage(data: unknown): Message | null {
  if (!isRecord(data)) {
    return null;
  }
  switch (data.type) {
    case 'hello':
      return data.version === VERSION && isPlace(data.place)
        ? { type: 'hello', version: VERSION, place: data.place }
        : null;
    case 'place':
      return isPlace(data.place) ? { type: 'place', place: data.place } : null;
    case 'move':
      return isMove(data.move) ? { type: 'move', move: data.move } : null;
    case 'link':
      return isLink(data.link) ? { type: 'link', link: data.link } : null;
    case 'question':
      return isQuestion(data.question) ? { type: 'question', question: data.question } : null;
    case 'answered':
      return typeof data.id === 'string' ? { type: 'answered', id: data.id } : null;
    case 'plan':
      return parsePlan(data);
    default:
      return null;
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPlace(value: unknown): value is IPlace {
  return (
    isRecord(value) &&
    areTexts([value.host, value.target, value.home]) &&
    typeof value.pid === 'number'
  );
}

function isMove(value: unknown): value is IMove {
  return (
    isRecord(value) &&
    STAGES.includes(String(value.stage)) &&
    typeof value.host === 'string' &&
    typeof value.seconds === 'number' &&
    [value.sent, value.total].every(isNumberOrNothing) &&
    (value.sentence === undefined || typeof value.sentence === 'string')
  );
}

function isLink(value: unknown): value is ILink {
  return (
    isRecord(value) &&
    LINKS.includes(String(value.state)) &&
    typeof value.seconds === 'number' &&
    isNumberOrNothing(value.roundTrip)
  );
}

function isQuestion(value: unknown): value is IQuestion {
  return (
    isRecord(value) &&
    areTexts([value.id, value.kind, value.text]) &&
    typeof value.secret === 'boolean'
  );
}

function parsePlan(data: Record<string, unknown>): Message | null {
  const { id, plan, sentence } = data;
  if (typeof id !== 'string') {
    return null;
  }
  if (typeof sentence === 'string') {
    return { type: 'plan', id, plan: null, sentence };
  }
  return isPlan(plan) ? { type: 'plan', id, plan, sentence: '' } : null;
}

function isPlan(value: unknown): value is IPlan {
  return (
    isRecord(value) &&
    (value.target === null || typeof value.target === 'string') &&
    (value.seconds === null || typeof value.seconds === 'number') &&
    typeof value.nbytes === 'number' &&
    typeof value.count === 'number' &&
    Array.isArray(value.notes) &&
    areTexts(value.notes) &&
    Array.isArray(value.rows) &&
    value.rows.every(isRow)
  );
}

function isRow(value: unknown): value is IRow {
  return (
    isRecord(value) &&
    areTexts([value.name, value.path, value.type, value.reason]) &&
    typeof value.nbytes === 'number' &&
    VERDICTS.includes(String(value.verdict))
  );
}

function areTexts(values: readonly unknown[]): boolean {
  return values.every(value => typeof value === 'string');
}

function isNumberOrNothing(value: unknown): boolean {
  return value === undefined || typeof value === 'number';
}
