/** What the colour of the status says. */

import type { ITeleport } from './teleport';

/** `moving`, `trying`, `lost`, `away` or `local`. */
export function stateOf(teleport: Pick<ITeleport, 'move' | 'link' | 'place'>): string {
  if (teleport.move !== null) {
    return 'moving';
  }
  if (teleport.link !== null && teleport.link.state !== 'up') {
    return teleport.link.state;
  }
  return teleport.place?.target === 'home' ? 'local' : 'away';
}
