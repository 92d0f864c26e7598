/** What one kernel tells of where its session is. */

import { type Kernel, KernelMessage } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import {
  COMM_TARGET,
  type ILink,
  type IMove,
  type IPlace,
  parseMessage,
  VERSION
} from './protocol';

const LOADS = /pyteleport_jupyter/;

/** Stays the same over a move: to a frontend it is one kernel. */
export interface ITeleport {
  /** Null until the kernel has said it; it has not loaded our package, or is of another version. */
  readonly place: IPlace | null;
  /** The move under way, null at rest. */
  readonly move: IMove | null;
  readonly link: ILink | null;
  readonly kernel: Kernel.IKernelConnection;
  /** Ask again: the kernel has loaded our package meanwhile. */
  readonly open: () => void;
  readonly changed: ISignal<ITeleport, void>;
  /** A move that has just ended, `arrived` or `failed`. */
  readonly moved: ISignal<ITeleport, IMove>;
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

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
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
    switch (message?.type) {
      case 'hello':
      case 'place':
        this._place = message.place;
        break;
      case 'link':
        this._link = message.link;
        break;
      case 'move':
        this.takeMove(message.move);
        break;
      case undefined:
        return;
    }
    this._changed.emit();
  }

  private takeMove(move: IMove): void {
    const isOver = move.stage === 'arrived' || move.stage === 'failed';
    this._move = isOver ? null : move;
    if (move.stage === 'arrived' && this._place !== null) {
      // The kernel there says more when its cell is over.
      this._place = { ...this._place, host: move.host, target: move.host };
      this._link = null;
    }
    if (isOver) {
      this._moved.emit(move);
    }
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
    this._place = null;
    this._move = null;
    this._link = null;
    this._changed.emit();
  }

  private _loading = '';
  private _comm: Kernel.IComm | null = null;
  private _place: IPlace | null = null;
  private _move: IMove | null = null;
  private _link: ILink | null = null;
  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _moved = new Signal<this, IMove>(this);
}

function isIdle(message: KernelMessage.IIOPubMessage): boolean {
  return KernelMessage.isStatusMsg(message) && message.content.execution_state === 'idle';
}
