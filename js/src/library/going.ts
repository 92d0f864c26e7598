/** A move at a click: load us where that is needed, ask the kernel, show what went wrong in its own sentence. */

import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import { ask, load, type Options } from './asking';
import type { ITeleport } from './teleport';

/** So long a kernel may take to say hello to us. */
const HELLO_MILLISECONDS = 10_000;

/** Move the session of `teleport` to `target`. Rejects never: the user reads why not. */
export async function go(
  teleport: ITeleport,
  target: string,
  options: Options,
  trans: TranslationBundle
): Promise<void> {
  try {
    await known(teleport, trans);
    if (teleport.place?.target === target) {
      Notification.info(trans.__('This session is on %1 already.', target), { autoClose: 5000 });
      return;
    }
    teleport.expect(target === 'home' ? (teleport.place?.home ?? target) : target);
    await ask(teleport.kernel, target, options, teleport.commId);
  } catch (error) {
    teleport.refuse();
    const reason = error instanceof Error ? error.message : String(error);
    Notification.error(trans.__('Not teleported: %1', reason));
  }
}

/** Have the kernel know us; loading waits for the running cell. Rejects with a sentence. */
export async function known(teleport: ITeleport, trans: TranslationBundle): Promise<void> {
  if (teleport.place !== null) {
    return;
  }
  if (teleport.kernel.status === 'busy') {
    Notification.info(
      trans.__('%load_ext pyteleport_jupyter has to be run first: when the running cell is over.'),
      { autoClose: 5000 }
    );
  }
  await load(teleport.kernel);
  teleport.open();
  await hello(teleport);
}

async function hello(teleport: ITeleport): Promise<void> {
  await new Promise<void>(resolve => {
    const end = () => {
      clearTimeout(timer);
      teleport.changed.disconnect(look);
      resolve();
    };
    const look = () => {
      if (teleport.place !== null) {
        end();
      }
    };
    const timer = setTimeout(end, HELLO_MILLISECONDS);
    teleport.changed.connect(look);
    look();
  });
}
