/** A plan to look at, to leave things out of, and to go by. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { PanelLayout, Widget } from '@lumino/widgets';

import type { Options } from './asking';
import { PlanTable } from './planTable';
import { totals } from './plans';
import type { IPlan } from './protocol';
import type { ITeleport } from './teleport';
import { bytesInWords, secondsInWords } from './words';

export interface IPlanPanelOptions {
  readonly teleport: ITeleport;
  /** Where to, empty: nowhere yet. */
  readonly target: string;
  readonly trans: TranslationBundle;
  /** Move by this plan. */
  readonly go: (target: string, options: Options) => Promise<void>;
  /** Let the user choose another host; null if they do not. */
  readonly pick: () => Promise<string | null>;
}

export class PlanPanel extends Widget {
  constructor(options: IPlanPanelOptions) {
    super();
    this._options = options;
    this._target = options.target;
    this._table = new PlanTable(options.trans);
    this.addClass('jp-teleport-plan');
    const layout = new PanelLayout();
    layout.addWidget(new Widget({ node: this.bar() }));
    layout.addWidget(this._table);
    this.layout = layout;
    this._table.leftChanged.connect(() => {
      this.showTotals();
    });
    void this.refresh();
  }

  /** Ask the kernel anew; what was left out stays left out. */
  async refresh(): Promise<void> {
    const { teleport, trans } = this._options;
    this.say(
      teleport.kernel.status === 'busy'
        ? trans.__('The plan is made when the running cell is over…')
        : trans.__('Looking at the session…')
    );
    try {
      this._plan = await teleport.plan(this._target);
    } catch (error) {
      this._plan = null;
      this.say(error instanceof Error ? error.message : String(error));
      return;
    }
    this._table.rows = this._plan.rows;
    this.showTotals();
  }

  private bar(): HTMLElement {
    const { trans } = this._options;
    const bar = document.createElement('div');
    bar.className = 'jp-teleport-plan-bar';
    this._totals.className = 'jp-teleport-plan-totals';
    this._totals.setAttribute('role', 'status');
    this._go = button(trans.__('Teleport'), 'jp-mod-accept', () => this.go());
    bar.append(
      this._totals,
      button(trans.__('Host…'), 'jp-mod-reject', () => this.choose()),
      button(trans.__('Look again'), 'jp-mod-reject', () => this.refresh()),
      this._go
    );
    return bar;
  }

  private async choose(): Promise<void> {
    const target = await this._options.pick();
    if (target !== null) {
      this._target = target;
      await this.refresh();
    }
  }

  private async go(): Promise<void> {
    if (this._target === '') {
      await this.choose();
    }
    if (this._target !== '' && this._plan !== null) {
      const exclude = [...this._table.left];
      const leaves = this._plan.rows.some(row => row.verdict === 'stays');
      await this._options.go(this._target, {
        ...(exclude.length > 0 ? { exclude } : {}),
        ...(leaves ? { leave: true } : {})
      });
    }
  }

  private showTotals(): void {
    if (this._plan !== null) {
      this.say([this.summary(this._plan), ...this._plan.notes].join(' '));
    }
  }

  private summary(plan: IPlan): string {
    const { trans } = this._options;
    const { nbytes, seconds, staying } = totals(plan, this._table.left);
    const size = bytesInWords(nbytes);
    const parts = [
      this._target === '' ? size : trans.__('%1 to %2', size, this._target),
      ...(seconds === null ? [] : [trans.__('about %1', secondsInWords(Math.max(1, seconds)))]),
      ...(staying === 0
        ? []
        : [trans._n('%1 object stays here', '%1 objects stay here', staying, staying)]),
      ...(plan.count > plan.rows.length
        ? [trans.__('%1 of %2 rows', plan.rows.length, plan.count)]
        : [])
    ];
    return `${parts.join(' · ')}.`;
  }

  private say(words: string): void {
    this._totals.textContent = words;
    this._go.disabled = this._plan === null;
  }

  private readonly _options: IPlanPanelOptions;
  private readonly _table: PlanTable;
  private readonly _totals = document.createElement('span');
  private _go = document.createElement('button');
  private _target: string;
  private _plan: IPlan | null = null;
}

function button(label: string, kind: string, act: () => Promise<void>): HTMLButtonElement {
  const node = document.createElement('button');
  node.type = 'button';
  node.className = `jp-mod-styled ${kind}`;
  node.textContent = label;
  node.addEventListener('click', () => {
    void act();
  });
  return node;
}
