/** Sessions on other hosts, as the panel of running things wants them. */

import type { IRunningSessions } from '@jupyterlab/running';
import type { ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { type ISignal, Signal } from '@lumino/signaling';

import { teleportIcon } from '../icon';
import { endSession, type IRemoteSession, sessions } from './requests';
import { detailInWords, labelInWords } from './words';

export interface IRemoteSessionsOptions {
  readonly settings: ServerConnection.ISettings;
  readonly trans: TranslationBundle;
  readonly attach: (session: IRemoteSession) => void;
  /** Whether the user means it. */
  readonly kill: (session: IRemoteSession) => Promise<boolean>;
}

export class RemoteSessions implements IRunningSessions.IManager {
  constructor(private readonly options: IRemoteSessionsOptions) {
    const { trans } = options;
    this.name = trans.__('Teleported Sessions');
    this.shutdownLabel = trans.__('End this session');
    this.shutdownAllLabel = trans.__('End All');
    this.shutdownAllConfirmationText = trans.__(
      'Are you sure you want to end all teleported sessions, with all that is in them?'
    );
  }

  readonly name: string;
  readonly shutdownLabel: string;
  readonly shutdownAllLabel: string;
  readonly shutdownAllConfirmationText: string;

  get runningChanged(): ISignal<this, void> {
    return this._runningChanged;
  }

  running(): IRunningSessions.IRunningItem[] {
    return this._sessions.map(session => this.item(session));
  }

  refreshRunning(): void {
    void this.refresh();
  }

  /** Ask all hosts; a sentence about those that do not answer, empty if all did. */
  async refresh(): Promise<string> {
    this._isSeen = true;
    const found = await sessions(this.options.settings);
    this._sessions = found.sessions;
    this._runningChanged.emit();
    return found.troubles.map(({ host, reason }) => `${host}: ${reason}`).join(' · ');
  }

  /** Ask again, if anybody has looked before. */
  refreshIfSeen(): void {
    if (this._isSeen) {
      this.refreshRunning();
    }
  }

  shutdownAll(): void {
    void Promise.all(this._sessions.map(session => this.end(session)));
  }

  private item(session: IRemoteSession): IRunningSessions.IRunningItem {
    const { options } = this;
    return {
      label: () => labelInWords(session, options.trans),
      labelTitle: () => detailInWords(session, options.trans),
      detail: () => detailInWords(session, options.trans),
      icon: () => teleportIcon,
      className: session.linked ? 'jp-teleport-session' : 'jp-teleport-session jp-mod-left',
      ...(session.kind === 'kernel' && {
        open: () => {
          options.attach(session);
        }
      }),
      shutdown: () => {
        void this.endIfMeant(session);
      }
    };
  }

  private async endIfMeant(session: IRemoteSession): Promise<void> {
    if (await this.options.kill(session)) {
      await this.end(session);
    }
  }

  private async end(session: IRemoteSession): Promise<void> {
    await endSession(session, this.options.settings);
    await this.refresh();
  }

  private _sessions: readonly IRemoteSession[] = [];
  private _isSeen = false;
  private readonly _runningChanged = new Signal<this, void>(this);
}
