/** What the server knows without a kernel: hosts of the ssh configuration, sessions of mine. */

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

const NAMESPACE = 'pyteleport-jupyter';

/** Hosts to go to; `recents` are where sessions have been, the last one first. */
export interface IHosts {
  readonly hosts: readonly string[];
  readonly recents: readonly string[];
}

/** A session somewhere; seconds, bytes. */
export interface IRemoteSession {
  readonly id: string;
  readonly host: string;
  readonly age: number;
  readonly lease: number;
  readonly memory: number;
  readonly linked: boolean;
}

/** No server extension, or one that cannot answer: nothing is known, and no error box is shown. */
export async function hosts(settings: ServerConnection.ISettings): Promise<IHosts> {
  return (await requestAPI<IHosts>('hosts', settings)) ?? { hosts: [], recents: [] };
}

/** See {@link hosts}. */
export async function sessions(settings: ServerConnection.ISettings): Promise<IRemoteSession[]> {
  return (await requestAPI<{ sessions: IRemoteSession[] }>('sessions', settings))?.sessions ?? [];
}

async function requestAPI<T>(
  endpoint: string,
  settings: ServerConnection.ISettings
): Promise<T | null> {
  const url = URLExt.join(settings.baseUrl, NAMESPACE, endpoint);
  try {
    const response = await ServerConnection.makeRequest(url, {}, settings);
    return response.ok ? ((await response.json()) as T) : null;
  } catch {
    return null;
  }
}
