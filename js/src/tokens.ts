import type { ISessionContext } from '@jupyterlab/apputils';
import { Token } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';

import type { ITeleport } from './library/teleport';

/** Knows, for every kernel that a notebook or console is open on, where its session is. */
export interface ITeleports {
  /** That of the notebook or console that was used last; null without one, or without a kernel. */
  readonly current: ITeleport | null;
  /** The session context behind {@link current}. */
  readonly currentContext: ISessionContext | null;
  /** Emitted when `current` is another one, or has something new to tell. */
  readonly currentChanged: ISignal<ITeleports, void>;
  /** Emitted for each kernel that is met. */
  readonly added: ISignal<ITeleports, ITeleport>;
  of(context: ISessionContext): ITeleport | null;
}

export const ITeleports = new Token<ITeleports>(
  'pyteleport-jupyter:ITeleports',
  'Where the session of each kernel is, and what moves.'
);

export namespace CommandIDs {
  export const go = 'teleport:go';
  export const home = 'teleport:home';
  export const runCell = 'teleport:run-cell';
  export const plan = 'teleport:plan';
  export const sessions = 'teleport:sessions';
  export const doctor = 'teleport:doctor';
  export const where = 'teleport:where';
  export const detach = 'teleport:detach';
}

export const TRANSLATION_DOMAIN = 'pyteleport-jupyter';
