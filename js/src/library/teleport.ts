/** What one kernel tells of where its session is. */

import { type Kernel, KernelMessage } from '@jupyterlab/services';
import { type JSONObject, PromiseDelegate, UUID } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import {
  COMM_TARGET,
  type ILink,
  type IMove,
  type IPlace,
  type IPlan,
  type IQuestion,
  type Message,
  parseMessage,
  VERSION
} from './protocol';

const LOADS = /pyteleport_jupyter/;

/** A kernel that was asked for a move and has said nothing for so long will not. It tries for 30 s. */
const ASKED_MILLISECONDS = 120_000;

/** Stays the same over a move: to a frontend it is one kernel. */
export interface ITeleport {
  /** Null until the kernel has said it; it has not loaded our package, or is of another version. */
  readonly place: IPlace | null;
  /** The move under way, null at rest. */
  readonly move: IMove | null;
  readonly link: ILink | null;
  readonly kernel: Kernel.IKernelConnection;
  /** This frontend has asked for a move to `host`: shown at once, until the kernel tells more. */
  readonly expect: (host: string) => void;
  /** It was refused on the spot. */
  readonly refuse: () => void;
  /** Ask again: the kernel has loaded our package meanwhile. */
  readonly open: () => void;
  readonly changed: ISignal<ITeleport, void>;
  /** A move that has just ended, `arrived` or `failed`. */
  readonly moved: ISignal<ITeleport, IMove>;
  /** Of a move that this frontend has asked for: only its user can answer. */
  readonly asked: ISignal<ITeleport, IQuestion>;
  /** The question with that id needs no answer any more. */
  readonly answered: ISignal<ITeleport, string>;
  /** The id of the comm, empty while there is none. */
  readonly commId: string;
  /** What would move; when a cell runs, as soon as it is over. Rejects with a sentence. */
  readonly plan: (target: string) => Promise<IPlan>;
}

export class Teleport implements ITeleport, IDisposable {
  constructor(kernel: Kernel.IKernelConnection) {
    this.kernel = kernel;
    kernel.statusChanged.connect(this.onStatus);
    kernel.iopubMessage.connect(this.onPublished);
    void this.look();
  }

  readonly kernel: Kernel.IKernelConnection;

  get place(): IPlace | null {
    return this._place;
  }

  get move(): IMove | null {
    return this._move;
  }

  get link(): ILink | null {
    return this._link;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get moved(): ISignal<this, IMove> {
    return this._moved;
  }

  get asked(): ISignal<this, IQuestion> {
    return this._asked;
  }

  get answered(): ISignal<this, string> {
    return this._answered;
  }

  get commId(): string {
    return this._comm?.commId ?? '';
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Open the comm if the kernel knows us: then it lists one for our target, from the moment it loads our package.
   * A comm that it does not know would make it complain to the log.
   */
  private async look(): Promise<void> {
    const reply = await this.kernel.requestCommInfo({ target_name: COMM_TARGET });
    if (reply.content.status === 'ok' && Object.keys(reply.content.comms).length > 0) {
      this.open();
    }
  }

  readonly open = (): void => {
    if (this._comm !== null || this._isDisposed || this.kernel.status === 'dead') {
      return;
    }
    const comm = this.kernel.createComm(COMM_TARGET);
    comm.onMsg = message => {
      this.take(message.content.data);
    };
    comm.onClose = () => {
      this._comm = null;
      this.forget();
    };
    this._comm = comm;
    comm.open({ version: VERSION });
  };

  readonly expect = (host: string): void => {
    this.showMove({ stage: 'asked', host, seconds: 0 });
    this._patience = setTimeout(this.refuse, ASKED_MILLISECONDS);
  };

  readonly refuse = (): void => {
    if (this._move?.stage === 'asked') {
      this.showMove(null);
    }
  };

  private showMove(move: IMove | null): void {
    clearTimeout(this._patience);
    this._move = move;
    this._changed.emit();
  }

  readonly plan = (target: string): Promise<IPlan> => {
    const id = UUID.uuid4();
    const answer = new PromiseDelegate<IPlan>();
    this._plans.set(id, answer);
    this.say({ type: 'plan', id, target: target === '' ? null : target });
    return answer.promise;
  };

  /** To the kernel, when it has time: this is the shell channel. A restart may cancel it. */
  private say(data: JSONObject): void {
    this._comm?.send(data).done.catch(() => undefined);
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    clearTimeout(this._patience);
    this.kernel.statusChanged.disconnect(this.onStatus);
    this.kernel.iopubMessage.disconnect(this.onPublished);
    // Not closed: closing is a request, and the kernel may be gone or busy for hours.
    this._comm?.dispose();
    this._comm = null;
    Signal.clearData(this);
  }

  /** Do what a message of the kernel means. */
  protected take(data: unknown): void {
    const message = parseMessage(data);
    if (message !== null && this.act(message)) {
      this._changed.emit();
    }
  }

  /** Whether there is something new to show. */
  private act(message: Message): boolean {
    switch (message.type) {
      case 'hello':
        this._place = message.place;
        this.measure();
        return true;
      case 'place':
        this._place = message.place;
        return true;
      case 'link':
        this.takeLink(message.link);
        return true;
      case 'move':
        this.takeMove(message.move);
        return true;
      case 'question':
        this._asked.emit(message.question);
        return false;
      case 'answered':
        this._answered.emit(message.id);
        return false;
      case 'plan':
        this.takePlan(message.id, message.plan, message.sentence);
        return false;
    }
  }

  private takeLink(link: ILink): void {
    const isBack = link.state === 'up' && link.roundTrip === undefined;
    this._link = link;
    if (isBack) {
      this.measure();
    }
  }

  private takeMove(move: IMove): void {
    const isOver = move.stage === 'arrived' || move.stage === 'failed';
    clearTimeout(this._patience);
    this._move = isOver ? null : move;
    if (move.stage === 'arrived' && this._place !== null) {
      // The kernel there says more when its cell is over.
      this._place = { ...this._place, host: move.host, target: move.host };
      this._link = null;
      this.measure();
    }
    if (isOver) {
      this._moved.emit(move);
    }
  }

  private takePlan(id: string, plan: IPlan | null, sentence: string): void {
    const answer = this._plans.get(id);
    this._plans.delete(id);
    if (plan === null) {
      answer?.reject(new Error(sentence));
    } else {
      answer?.resolve(plan);
    }
  }

  /** Asked once each time that the link is new, not again and again. */
  private measure(): void {
    this.say({ type: 'where' });
  }

  private readonly onStatus = (_: unknown, status: KernelMessage.Status): void => {
    if (status === 'restarting' || status === 'autorestarting' || status === 'dead') {
      this._comm?.dispose();
      this._comm = null;
      this.forget();
    } else if (this._comm === null && status === 'starting') {
      void this.look();
    }
  };

  /** Somebody's cell may load our package: when it is over, the kernel may know us. */
  private readonly onPublished = (_: unknown, message: KernelMessage.IIOPubMessage): void => {
    if (this._comm !== null) {
      return;
    }
    const id = 'msg_id' in message.parent_header ? message.parent_header.msg_id : '';
    if (KernelMessage.isExecuteInputMsg(message) && LOADS.test(message.content.code)) {
      this._loading = id;
    } else if (isIdle(message) && id === this._loading) {
      this._loading = '';
      void this.look();
    }
  };

  private forget(): void {
    this._plans.forEach(answer => {
      answer.reject(new Error('The kernel has ended.'));
    });
    this._plans.clear();
    clearTimeout(this._patience);
    this._place = null;
    this._move = null;
    this._link = null;
    this._changed.emit();
  }

  private _loading = '';
  private _patience: ReturnType<typeof setTimeout> | undefined;
  private _comm: Kernel.IComm | null = null;
  private _place: IPlace | null = null;
  private _move: IMove | null = null;
  private _link: ILink | null = null;
  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _moved = new Signal<this, IMove>(this);
  private readonly _asked = new Signal<this, IQuestion>(this);
  private readonly _answered = new Signal<this, string>(this);
  private readonly _plans = new Map<string, PromiseDelegate<IPlan>>();
}

function isIdle(message: KernelMessage.IIOPubMessage): boolean {
  return KernelMessage.isStatusMsg(message) && message.content.execution_state === 'idle';
}
