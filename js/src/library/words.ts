/** Numbers and states as people say them. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { ILink, IMove, IPlace } from './protocol';
import type { IRemoteSession } from './requests';

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** `812 B`, `80.0 MB`. */
export function bytesInWords(count: number): string {
  let size = count;
  let unit = 0;
  while (size >= 1000 && unit < UNITS.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${size.toFixed(unit === 0 ? 0 : 1)} ${UNITS[unit] ?? ''}`;
}

/** `3 s`, `4 min`, `2 h`, `3 d`. */
export function secondsInWords(seconds: number): string {
  if (seconds < 60) {
    return `${Math.max(0, seconds).toFixed(0)} s`;
  }
  if (seconds < 3600) {
    return `${(seconds / 60).toFixed(0)} min`;
  }
  return seconds < 48 * 3600
    ? `${(seconds / 3600).toFixed(0)} h`
    : `${(seconds / 86400).toFixed(0)} d`;
}

/** Whether the session is not where it started. */
export function isAway(place: IPlace): boolean {
  return place.target !== 'home';
}

/** What the status bar says of a session that is at rest. */
export function placeInWords(place: IPlace, link: ILink | null, trans: TranslationBundle): string {
  const where = isAway(place) ? place.host : trans.__('local');
  if (link?.state === 'trying') {
    return trans.__('⇄ %1 · reconnecting %2', where, secondsInWords(link.seconds));
  }
  if (link?.state === 'lost') {
    return trans.__('⇄ %1 · lost', where);
  }
  const roundTrip = link?.roundTrip;
  return roundTrip === undefined ? `⇄ ${where}` : `⇄ ${where} · ${Math.round(roundTrip)} ms`;
}

/** What a move is doing. */
export function moveInWords(move: IMove, trans: TranslationBundle): string {
  switch (move.stage) {
    case 'asked':
      return trans.__('Getting ready for %1', move.host);
    case 'connect':
      return trans.__('Connecting to %1', move.host);
    case 'start':
      return trans.__('Starting Python on %1', move.host);
    case 'ship':
      return shippingInWords(move, trans);
    case 'restore':
      return trans.__('Restoring the session on %1', move.host);
    case 'arrived':
      return trans.__('This session is on %1 now (%2 s)', move.host, move.seconds.toFixed(1));
    case 'failed':
      return move.sentence ?? trans.__('Not moved to %1; the session is still here', move.host);
  }
}

function shippingInWords(move: IMove, trans: TranslationBundle): string {
  const { sent = 0, total = 0, seconds } = move;
  if (total <= 0 || seconds <= 0 || sent <= 0) {
    return trans.__('Shipping to %1', move.host);
  }
  const rate = sent / seconds;
  return trans.__(
    'Shipping to %1: %2 of %3, %4/s, %5 left',
    move.host,
    bytesInWords(sent),
    bytesInWords(total),
    bytesInWords(rate),
    secondsInWords((total - sent) / rate)
  );
}

/** What a session elsewhere is called. */
export function labelInWords(session: IRemoteSession, trans: TranslationBundle): string {
  const kind = kindInWords(session, trans);
  const name = `${session.host} · ${session.id}${kind === '' ? '' : ` · ${kind}`}`;
  return session.linked ? name : trans.__('%1 (left over)', name);
}

/** Nothing for the usual one, that of a notebook. */
function kindInWords({ kind }: IRemoteSession, trans: TranslationBundle): string {
  switch (kind) {
    case 'kernel':
      return '';
    case 'terminal':
      return trans.__('IPython in a terminal');
    case 'program':
      return trans.__('script');
    case 'cells':
      return trans.__('single cells');
  }
}

/** `2 h old, 1.2 GB, linked to laptop`, `…, no link, ends in 12 min`. */
export function detailInWords(session: IRemoteSession, trans: TranslationBundle): string {
  const link = session.linked
    ? trans.__('linked to %1', session.origin)
    : trans.__('no link, ends in %1', secondsInWords(session.lease_left ?? 0));
  const memory = session.memory === null ? [] : [bytesInWords(session.memory)];
  return [trans.__('%1 old', secondsInWords(session.age)), ...memory, link].join(', ');
}
