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

export type Stage = 'connect' | 'start' | 'ship' | 'restore' | 'arrived' | 'failed';

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

export type Message =
  | { readonly type: 'hello'; readonly version: number; readonly place: IPlace }
  | { readonly type: 'place'; readonly place: IPlace }
  | { readonly type: 'move'; readonly move: IMove }
  | { readonly type: 'link'; readonly link: ILink };

const STAGES: readonly string[] = ['connect', 'start', 'ship', 'restore', 'arrived', 'failed'];
const LINKS: readonly string[] = ['up', 'trying', 'lost'];

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
    [value.host, value.target, value.home].every(word => typeof word === 'string') &&
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

function isNumberOrNothing(value: unknown): boolean {
  return value === undefined || typeof value === 'number';
}
