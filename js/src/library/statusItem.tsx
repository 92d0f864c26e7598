/** The word in the status bar: where this session is, and how the link is. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import React from 'react';

import type { ITeleports } from '../tokens';
import { stateOf } from './state';
import type { ITeleport } from './teleport';
import { moveInWords, placeInWords } from './words';

export class StatusItem extends ReactWidget {
  constructor(
    private readonly teleports: ITeleports,
    private readonly trans: TranslationBundle,
    private readonly openMenu: (at: DOMRect) => void
  ) {
    super();
    this.addClass('jp-teleport-status');
    teleports.currentChanged.connect(() => {
      this.update();
    });
  }

  protected override render(): React.JSX.Element | null {
    const teleport = this.teleports.current;
    const words = teleport === null ? '' : this.wordsOf(teleport);
    if (teleport === null || words === '') {
      return null;
    }
    return (
      <button
        type="button"
        className="jp-teleport-status-button"
        data-state={stateOf(teleport)}
        title={this.trans.__('Where this session is; click for places to go')}
        aria-haspopup="menu"
        aria-live="polite"
        onClick={event => {
          this.openMenu(event.currentTarget.getBoundingClientRect());
        }}
      >
        {words}
      </button>
    );
  }

  private wordsOf(teleport: ITeleport): string {
    if (teleport.move !== null) {
      return moveInWords(teleport.move, this.trans);
    }
    return teleport.place === null ? '' : placeInWords(teleport.place, teleport.link, this.trans);
  }
}
