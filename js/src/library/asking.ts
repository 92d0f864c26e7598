/** How a frontend asks a kernel for a move. */

import { type Kernel, KernelMessage } from '@jupyterlab/services';

import { isRecord } from './protocol';

const REQUEST = 'teleport_request';
const LOAD = '%load_ext pyteleport_jupyter';

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
 * Resolves when the request was taken on; what becomes of the move is told over the comm. Rejects with a sentence.
 */
export async function ask(
  kernel: Kernel.IKernelConnection,
  target: string,
  options: Record<string, string | boolean> = {}
): Promise<void> {
  const message = KernelMessage.createMessage({
    // A type that JupyterLab does not know of; the kernel registers it for its control channel.
    msgType: REQUEST as 'debug_request',
    channel: 'control',
    session: kernel.clientId,
    username: kernel.username,
    content: { target, options } as unknown as KernelMessage.IDebugRequestMsg['content']
  });
  const reply = await kernel.sendControlMessage(message, true, true).done;
  const content: unknown = reply.content;
  if (isRecord(content) && content.status === 'error') {
    throw new Error(String(content.sentence ?? content.error));
  }
}
