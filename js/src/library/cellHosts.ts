/** The host that ran a cell: in the cell's metadata, so that it survives saving, and as a label on the cell. */

import type { Cell } from '@jupyterlab/cells';

import { isRecord } from './protocol';

const METADATA = 'pyteleport';

/** Which host ran the cell last, null for the one that the notebook is on. */
export function hostOf(cell: Cell): string | null {
  const noted: unknown = cell.model.getMetadata(METADATA);
  return isRecord(noted) && typeof noted.host === 'string' ? noted.host : null;
}

/** Note that `host` ran the cell; nothing is written where nothing changes, so no notebook becomes unsaved. */
export function noteHost(cell: Cell, host: string | null): void {
  if (hostOf(cell) === host) {
    return;
  }
  if (host === null) {
    cell.model.deleteMetadata(METADATA);
  } else {
    cell.model.setMetadata(METADATA, { host });
  }
}

/** Show on the cell what its metadata says. */
export function label(cell: Cell, describe: (host: string) => string, isShown: boolean): void {
  const host = isShown ? hostOf(cell) : null;
  if (host === null) {
    delete cell.node.dataset.teleportHost;
    cell.node.removeAttribute('aria-description');
  } else {
    cell.node.dataset.teleportHost = host;
    cell.node.setAttribute('aria-description', describe(host));
  }
}
