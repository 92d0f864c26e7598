/** What the server knows without a kernel: hosts of the ssh configuration, sessions of mine. */

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

const NAMESPACE = 'pyteleport-jupyter';

/** Hosts to go to; `recents` are where sessions have been, the last one first. */
export interface IHosts {
  readonly hosts: readonly string[];
  readonly recents: readonly string[];
}

/** A session somewhere; seconds, bytes. One that is not linked ends when `lease_left` is over. */
export interface IRemoteSession {
  readonly id: string;
  readonly host: string;
  /** What it is there: only a kernel can be taken up by a notebook. */
  readonly kind: 'kernel' | 'terminal' | 'program' | 'cells';
  readonly origin: string;
  readonly age: number;
  readonly lease: number;
  readonly lease_left: number | null;
  readonly memory: number | null;
  readonly linked: boolean;
}

export interface ISessions {
  readonly sessions: readonly IRemoteSession[];
  /** Hosts that do not answer. */
  readonly troubles: readonly { readonly host: string; readonly reason: string }[];
}

/** One condition for a session to live on a host; `holds` is null for what works and may surprise. */
export interface IFinding {
  readonly name: string;
  readonly holds: boolean | null;
  readonly text: string;
  readonly remedy: string;
}

/** No server extension, or one that cannot answer: nothing is known, and no error box is shown. */
export async function hosts(settings: ServerConnection.ISettings): Promise<IHosts> {
  return (await requestAPI<IHosts>('hosts', settings)) ?? { hosts: [], recents: [] };
}

/** See {@link hosts}. */
export async function sessions(settings: ServerConnection.ISettings): Promise<ISessions> {
  return (await requestAPI<ISessions>('sessions', settings)) ?? { sessions: [], troubles: [] };
}

/** End a session; one that is gone already is ended, too. */
export async function endSession(
  session: IRemoteSession,
  settings: ServerConnection.ISettings
): Promise<void> {
  await requestAPI('kill', settings, { host: session.host, id: session.id });
}

/** What has to hold for a session to go to `target`; null where nobody can say. */
export async function examine(
  target: string,
  settings: ServerConnection.ISettings
): Promise<readonly IFinding[] | null> {
  const found = await requestAPI<{ findings?: readonly IFinding[]; sentence?: string }>(
    'doctor',
    settings,
    { target }
  );
  return found?.findings ?? null;
}

/** GET, or with a `body` POST. */
async function requestAPI<T>(
  endpoint: string,
  settings: ServerConnection.ISettings,
  body?: Record<string, string>
): Promise<T | null> {
  const url = URLExt.join(settings.baseUrl, NAMESPACE, endpoint);
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  try {
    const response = await ServerConnection.makeRequest(url, init, settings);
    return response.ok ? ((await response.json()) as T) : null;
  } catch {
    return null;
  }
}
