import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Dialog, ICommandPalette, Notification, showDialog } from '@jupyterlab/apputils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator, type TranslationBundle } from '@jupyterlab/translation';

import { teleportIcon } from '../icon';
import type { Options } from '../library/asking';
import { go } from '../library/going';
import { pickHost } from '../library/hostPicker';
import { Preferences, SETTINGS } from '../library/preferences';
import { hosts } from '../library/requests';
import { isAway, placeInWords } from '../library/words';
import { CommandIDs, ITeleports, TRANSLATION_DOMAIN } from '../tokens';

/** `teleport:go`, `teleport:home`, `teleport:where`, `teleport:detach`. */
export const commands: JupyterFrontEndPlugin<void> = {
  id: SETTINGS,
  description: 'Commands that move the session of the current notebook or console.',
  autoStart: true,
  requires: [ITeleports],
  optional: [ICommandPalette, ISettingRegistry, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    teleports: ITeleports,
    palette: ICommandPalette | null,
    registry: ISettingRegistry | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    addGo(app, teleports, new Preferences(registry), trans);
    addHome(app, teleports, trans);
    addWhere(app, teleports, trans);
    addDetach(app, teleports, trans);
    for (const command of [CommandIDs.go, CommandIDs.home, CommandIDs.where, CommandIDs.detach]) {
      palette?.addItem({ command, category: trans.__('Teleport') });
    }
    const changed = () => {
      app.commands.notifyCommandChanged();
    };
    teleports.currentChanged.connect(changed);
    teleports.added.connect((_, teleport) => {
      // The button says whether it moves a running cell.
      teleport.kernel.statusChanged.connect(changed);
    });
  }
};

function addGo(
  app: JupyterFrontEnd,
  teleports: ITeleports,
  preferences: Preferences,
  trans: TranslationBundle
): void {
  const isBusy = () => teleports.current?.kernel.status === 'busy';
  const pick = async () => {
    const known = await hosts(app.serviceManager.serverSettings);
    const first = preferences.defaultHost;
    const recents = first === '' ? known.recents : [first, ...known.recents];
    const title = isBusy()
      ? trans.__('Teleport the running cell, and this session, to')
      : trans.__('Teleport this session to');
    return pickHost({ ...known, recents }, title, trans);
  };
  app.commands.addCommand(CommandIDs.go, {
    label: args => (args.toolbar === true ? '' : trans.__('Teleport Session to…')),
    caption: () =>
      isBusy()
        ? trans.__('Move this session, in the middle of the running cell, to another machine')
        : trans.__('Move this session to another machine'),
    icon: args => (args.toolbar === true ? teleportIcon : undefined),
    isEnabled: () => teleports.current !== null && teleports.current.move === null,
    execute: async args => {
      const teleport = teleports.current;
      const target = typeof args.target === 'string' ? args.target : await pick();
      if (target !== null && teleport !== null) {
        const given = (args.options ?? {}) as Options;
        await go(teleport, target, { ...preferences.options, ...given }, trans);
      }
    }
  });
}

function addHome(app: JupyterFrontEnd, teleports: ITeleports, trans: TranslationBundle): void {
  app.commands.addCommand(CommandIDs.home, {
    label: trans.__('Bring Session Home'),
    isEnabled: () => isCurrentAway(teleports),
    execute: async () => {
      if (teleports.current !== null) {
        await go(teleports.current, 'home', {}, trans);
      }
    }
  });
}

function addWhere(app: JupyterFrontEnd, teleports: ITeleports, trans: TranslationBundle): void {
  app.commands.addCommand(CommandIDs.where, {
    label: trans.__('Where Is This Session?'),
    isEnabled: () => teleports.current !== null,
    execute: () => {
      const teleport = teleports.current;
      const words =
        teleport?.place == null
          ? trans.__('This session is local: %load_ext pyteleport_jupyter has not been run in it.')
          : trans.__(
              '%1, process %2',
              placeInWords(teleport.place, teleport.link, trans),
              teleport.place.pid
            );
      Notification.info(words, { autoClose: 5000 });
    }
  });
}

function addDetach(app: JupyterFrontEnd, teleports: ITeleports, trans: TranslationBundle): void {
  app.commands.addCommand(CommandIDs.detach, {
    label: trans.__('Detach from Session…'),
    isEnabled: () => isCurrentAway(teleports) && teleports.current?.kernel.status === 'idle',
    execute: async () => {
      const teleport = teleports.current;
      const { button } = await showDialog({
        title: trans.__('Detach from this session?'),
        body: trans.__(
          'It goes on at %1 for as long as its lease, and can be taken up again; this notebook gets an empty one.',
          teleport?.place?.host ?? ''
        ),
        buttons: [Dialog.cancelButton(), Dialog.okButton({ label: trans.__('Detach') })]
      });
      if (button.accept && teleport !== null) {
        const code = '%teleport detach';
        const future = teleport.kernel.requestExecute({ code, store_history: false });
        // The kernel that would answer is a new one.
        future.done.catch(() => undefined);
      }
    }
  });
}

function isCurrentAway(teleports: ITeleports): boolean {
  const place = teleports.current?.place;
  return place != null && isAway(place);
}
