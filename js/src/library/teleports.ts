/** One {@link Teleport} for each kernel that is in use here. */

import type { ISessionContext } from '@jupyterlab/apputils';
import type { Kernel } from '@jupyterlab/services';
import { type ISignal, Signal } from '@lumino/signaling';

import type { ITeleports } from '../tokens';
import { type ITeleport, Teleport } from './teleport';

export class Teleports implements ITeleports {
  get current(): ITeleport | null {
    return this._currentContext === null ? null : this.of(this._currentContext);
  }

  get currentContext(): ISessionContext | null {
    return this._currentContext;
  }

  get currentChanged(): ISignal<this, void> {
    return this._currentChanged;
  }

  get added(): ISignal<this, ITeleport> {
    return this._added;
  }

  of(context: ISessionContext): ITeleport | null {
    const kernel = context.session?.kernel;
    return kernel ? (this._known.get(kernel) ?? null) : null;
  }

  /** Look after the kernels of `context`, whichever it has in turn. */
  add(context: ISessionContext): void {
    context.kernelChanged.connect((_, change) => {
      this.replace(change.oldValue, change.newValue);
    });
    context.disposed.connect(() => {
      this.replace(context.session?.kernel ?? null, null);
    });
    this.replace(null, context.session?.kernel ?? null);
  }

  /** The user looks at `context` now. */
  use(context: ISessionContext | null): void {
    this._currentContext = context;
    this._currentChanged.emit();
  }

  private replace(
    old: Kernel.IKernelConnection | null,
    kernel: Kernel.IKernelConnection | null
  ): void {
    if (old !== null) {
      this._known.get(old)?.dispose();
      this._known.delete(old);
    }
    if (kernel !== null && !this._known.has(kernel)) {
      const teleport = new Teleport(kernel);
      this._known.set(kernel, teleport);
      teleport.changed.connect(() => {
        if (teleport === this.current) {
          this._currentChanged.emit();
        }
      });
      this._added.emit(teleport);
    }
    this._currentChanged.emit();
  }

  private readonly _known = new Map<Kernel.IKernelConnection, Teleport>();
  private _currentContext: ISessionContext | null = null;
  private readonly _currentChanged = new Signal<this, void>(this);
  private readonly _added = new Signal<this, ITeleport>(this);
}
