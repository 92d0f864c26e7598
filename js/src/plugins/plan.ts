import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget, Notification } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { teleportIcon } from '../icon';
import { known } from '../library/going';
import { pickHost } from '../library/hostPicker';
import { PlanPanel } from '../library/planPanel';
import { hosts } from '../library/requests';
import { CommandIDs, ITeleports, TRANSLATION_DOMAIN } from '../tokens';

/** `teleport:plan`: what would move, as a table with ticks. */
export const plan: JupyterFrontEndPlugin<void> = {
  id: 'pyteleport-jupyter:plan',
  description: 'Shows what a move would take along.',
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
    const pick = async () =>
      pickHost(
        await hosts(app.serviceManager.serverSettings),
        trans.__('Plan a move to'),
        trans,
        trans.__('Plan')
      );
    app.commands.addCommand(CommandIDs.plan, {
      label: trans.__('Plan a Move…'),
      caption: trans.__('Show what would move, and what would stay and why'),
      isEnabled: () => teleports.current !== null,
      execute: async args => {
        const teleport = teleports.current;
        if (teleport === null) {
          return;
        }
        try {
          await known(teleport, trans);
        } catch (error) {
          Notification.error(error instanceof Error ? error.message : String(error));
          return;
        }
        const content = new PlanPanel({
          teleport,
          target: typeof args.target === 'string' ? args.target : '',
          trans,
          pick,
          go: async (target, options) => {
            await app.commands.execute(CommandIDs.go, { target, options });
            widget.dispose();
          }
        });
        const widget = new MainAreaWidget({ content });
        widget.title.label = trans.__('Teleport Plan');
        widget.title.icon = teleportIcon;
        widget.title.closable = true;
        app.shell.add(widget, 'main', { mode: 'split-bottom' });
        app.shell.activateById(widget.id);
      }
    });
    palette?.addItem({ command: CommandIDs.plan, category: trans.__('Teleport') });
  }
};
