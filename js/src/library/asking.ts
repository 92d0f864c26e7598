/** How a frontend asks a kernel for a move, and answers what the kernel asks. */

import { type Kernel, KernelMessage } from '@jupyterlab/services';
import type { JSONObject } from '@lumino/coreutils';

import { isRecord } from './protocol';

const REQUEST = 'teleport_request';
const ANSWER = 'teleport_answer';
const LOAD = '%load_ext pyteleport_jupyter';

/** Options of a move, as `%teleport` knows them. */
export type Options = Record<string, string | boolean | string[]>;

/** Make sure that the kernel has our package loaded. Rejects with a sentence if it cannot. */
export async function load(kernel: Kernel.IKernelConnection): Promise<void> {
  const future = kernel.requestExecute({ code: LOAD, silent: true, store_history: false });
  const reply = await future.done;
  if (reply.content.status === 'error') {
    throw new Error(reply.content.evalue);
  }
}

/**
 * Ask the kernel to move its session, in the middle of the running cell if there is one.
 *
 * Resolves when the request was taken on; what becomes of the move is told over the comm `comm`, where its
 * questions are asked, too. Rejects with a sentence.
 */
export async function ask(
  kernel: Kernel.IKernelConnection,
  target: string,
  options: Options,
  comm: string
): Promise<void> {
  const content = await control(kernel, REQUEST, {
    target,
    options,
    ...(comm === '' ? {} : { comm })
  });
  if (isRecord(content) && content.status === 'error') {
    throw new Error(String(content.sentence ?? content.error));
  }
}

/** Answer a question of the kernel; null declines it. */
export async function answer(
  kernel: Kernel.IKernelConnection,
  id: string,
  text: string | null
): Promise<void> {
  await control(kernel, ANSWER, { id, answer: text });
}

/** The control channel is heard while a cell runs. */
async function control(
  kernel: Kernel.IKernelConnection,
  type: string,
  content: JSONObject
): Promise<unknown> {
  const message = KernelMessage.createMessage({
    // A type that JupyterLab does not know of; the kernel registers it for its control channel.
    msgType: type as 'debug_request',
    channel: 'control',
    session: kernel.clientId,
    username: kernel.username,
    content: content as unknown as KernelMessage.IDebugRequestMsg['content']
  });
  return (await kernel.sendControlMessage(message, true, true).done).content;
}
