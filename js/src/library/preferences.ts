/** What the user has set, of how to go. */

import type { ISettingRegistry } from '@jupyterlab/settingregistry';

import type { Options } from './asking';

export const SETTINGS = 'pyteleport-jupyter:commands';

export class Preferences {
  /** Filled in when the settings are there; until then nothing is set. */
  constructor(registry: ISettingRegistry | null) {
    void registry?.load(SETTINGS).then(settings => {
      this._settings = settings;
    });
  }

  /** The host that a picker begins with. */
  get defaultHost(): string {
    return this.text('defaultHost');
  }

  /** Options of a move; what is not set is left to the kernel. */
  get options(): Options {
    const set = { lease: this.text('lease'), limit: this.text('confirmAbove') };
    const given = Object.fromEntries(Object.entries(set).filter(([, value]) => value !== ''));
    // A click on "home" allows it to come; only that none may is settled when it leaves.
    return this._settings?.get('mayComeHome').composite === false
      ? { ...given, home: false }
      : given;
  }

  private text(name: string): string {
    const value: unknown = this._settings?.get(name).composite;
    return typeof value === 'string' ? value.trim() : '';
  }

  private _settings: ISettingRegistry.ISettings | null = null;
}
