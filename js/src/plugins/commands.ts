import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, Notification } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator, type TranslationBundle } from '@jupyterlab/translation';

import { ask, load } from '../library/asking';
import { pickHost } from '../library/hostPicker';
import { hosts } from '../library/requests';
import { isAway, placeInWords } from '../library/words';
import { teleportIcon } from '../icon';
import { CommandIDs, ITeleports, TRANSLATION_DOMAIN } from '../tokens';

/** `teleport:go`, `teleport:home`, `teleport:where`. */
export const commands: JupyterFrontEndPlugin<void> = {
  id: 'pyteleport-jupyter:commands',
  description: 'Commands that move the session of the current notebook or console.',
  autoStart: true,
  requires: [ITeleports],
  optional: [ICommandPalette, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    teleports: ITeleports,
    palette: ICommandPalette | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    addGo(app, teleports, trans);
    addHome(app, teleports, trans);
    addWhere(app, teleports, trans);
    for (const command of [CommandIDs.go, CommandIDs.home, CommandIDs.where]) {
      palette?.addItem({ command, category: trans.__('Teleport') });
    }
    teleports.currentChanged.connect(() => {
      app.commands.notifyCommandChanged();
    });
  }
};

function addGo(app: JupyterFrontEnd, teleports: ITeleports, trans: TranslationBundle): void {
  const isBusy = () => teleports.current?.kernel.status === 'busy';
  app.commands.addCommand(CommandIDs.go, {
    label: args => (args.toolbar === true ? '' : trans.__('Teleport Session to…')),
    caption: () =>
      isBusy()
        ? trans.__('Move this session, in the middle of the running cell, to another machine')
        : trans.__('Move this session to another machine'),
    icon: args => (args.toolbar === true ? teleportIcon : undefined),
    isEnabled: () => teleports.current !== null && teleports.current.move === null,
    execute: async args => {
      const target =
        typeof args.target === 'string'
          ? args.target
          : await pickHost(await hosts(app.serviceManager.serverSettings), trans);
      if (target !== null) {
        await go(teleports, target, trans);
      }
    }
  });
}

function addHome(app: JupyterFrontEnd, teleports: ITeleports, trans: TranslationBundle): void {
  app.commands.addCommand(CommandIDs.home, {
    label: trans.__('Bring Session Home'),
    isEnabled: () => {
      const place = teleports.current?.place;
      return place !== null && place !== undefined && isAway(place);
    },
    execute: () => go(teleports, 'home', trans)
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

/** Move what is current; what fails is told in the kernel's own sentence. */
async function go(teleports: ITeleports, target: string, trans: TranslationBundle): Promise<void> {
  const teleport = teleports.current;
  if (teleport === null) {
    return;
  }
  try {
    if (teleport.place === null) {
      await load(teleport.kernel);
      teleport.open();
    }
    await ask(teleport.kernel, target);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    Notification.error(trans.__('Not teleported: %1', reason));
  }
}
