import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Dialog, ICommandPalette, Notification, showDialog } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { pickHost } from '../library/hostPicker';
import { examine, hosts, type IFinding } from '../library/requests';
import { CommandIDs, TRANSLATION_DOMAIN } from '../tokens';

/** `teleport:doctor`: can a session go to a host, and if not, why. */
export const doctor: JupyterFrontEndPlugin<void> = {
  id: 'pyteleport-jupyter:doctor',
  description: 'Examines whether sessions can go to a host.',
  autoStart: true,
  optional: [ICommandPalette, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    palette: ICommandPalette | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    const settings = app.serviceManager.serverSettings;
    app.commands.addCommand(CommandIDs.doctor, {
      label: trans.__('Examine a Host…'),
      caption: trans.__('Can sessions go there, and if not, why?'),
      execute: async args => {
        const target =
          typeof args.target === 'string'
            ? args.target
            : await pickHost(
                await hosts(settings),
                trans.__('Examine'),
                trans,
                trans.__('Examine')
              );
        if (target === null) {
          return;
        }
        const asking = Notification.emit(trans.__('Examining %1', target), 'in-progress', {
          autoClose: false
        });
        const findings = await examine(target, settings);
        Notification.dismiss(asking);
        await showDialog({
          title: target,
          body:
            findings === null
              ? trans.__('The server cannot say; run %teleport doctor in a notebook.')
              : new Widget({ node: listOf(findings) }),
          buttons: [Dialog.okButton({ label: trans.__('Close') })]
        });
      }
    });
    palette?.addItem({ command: CommandIDs.doctor, category: trans.__('Teleport') });
  }
};

function listOf(findings: readonly IFinding[]): HTMLElement {
  const list = document.createElement('ul');
  list.className = 'jp-teleport-findings';
  for (const { name, holds, text, remedy } of findings) {
    const item = document.createElement('li');
    item.dataset.holds = String(holds);
    item.textContent = `${name}: ${text}${remedy === '' ? '' : ` ${remedy}`}`;
    list.append(item);
  }
  return list;
}
