/** The rows of a plan as a table that is sorted at a click; only the rows that are seen are in the page. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { Signal, type ISignal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';

import { type Column, inView, isLeft, nameOf, sorted } from './plans';
import type { IRow } from './protocol';
import { bytesInWords } from './words';

/** Pixels; style/base.css says so, too. */
const ROW_HEIGHT = 24;
const SPARE_ROWS = 10;

export class PlanTable extends Widget {
  constructor(trans: TranslationBundle) {
    super();
    this._trans = trans;
    this._columns = [
      ['name', trans.__('Name')],
      ['type', trans.__('Type')],
      ['nbytes', trans.__('Size')],
      ['verdict', trans.__('Verdict')],
      ['reason', trans.__('Why')]
    ];
    this.addClass('jp-teleport-plan-table');
    this.node.setAttribute('role', 'grid');
    this.node.setAttribute('aria-label', trans.__('What would move'));
    this._head.className = 'jp-teleport-plan-head';
    this._head.setAttribute('role', 'row');
    this._view.className = 'jp-teleport-plan-view';
    this._view.tabIndex = 0;
    this._view.append(this._canvas);
    this._canvas.className = 'jp-teleport-plan-canvas';
    this.node.append(this._head, this._view);
    this._view.addEventListener('scroll', () => {
      this.showRows();
    });
    this.showHead();
  }

  /** Variables whose tick the user has taken away. */
  readonly left = new Set<string>();

  get leftChanged(): ISignal<this, void> {
    return this._leftChanged;
  }

  set rows(rows: readonly IRow[]) {
    this._rows = rows;
    this.sort();
  }

  protected override onResize(): void {
    this.showRows();
  }

  private sort(): void {
    this._sorted = sorted(this._rows, this._column, this._descending);
    this.node.setAttribute('aria-rowcount', String(this._sorted.length + 1));
    this._canvas.style.height = `${this._sorted.length * ROW_HEIGHT}px`;
    this.showHead();
    this.showRows();
  }

  private showHead(): void {
    const heads = this._columns.map(([column, text]) => this.head(column, text));
    const tick = cell('columnheader', '');
    tick.setAttribute('aria-label', this._trans.__('Take along'));
    this._head.replaceChildren(tick, ...heads);
  }

  private head(column: Column, text: string): HTMLElement {
    const isSorted = column === this._column;
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = isSorted ? `${text} ${this._descending ? '▾' : '▴'}` : text;
    button.addEventListener('click', () => {
      this._descending = isSorted ? !this._descending : column === 'nbytes';
      this._column = column;
      this.sort();
    });
    const head = cell('columnheader', '');
    head.append(button);
    head.setAttribute(
      'aria-sort',
      !isSorted ? 'none' : this._descending ? 'descending' : 'ascending'
    );
    return head;
  }

  private showRows(): void {
    const { scrollTop, clientHeight } = this._view;
    const [first, end] = inView(
      scrollTop,
      clientHeight,
      ROW_HEIGHT,
      SPARE_ROWS,
      this._sorted.length
    );
    const seen = this._sorted.slice(first, end);
    this._canvas.replaceChildren(...seen.map((row, number) => this.row(row, first + number)));
  }

  private row(row: IRow, index: number): HTMLElement {
    const node = document.createElement('div');
    node.className = 'jp-teleport-plan-row';
    node.dataset.verdict = isLeft(row, this.left) ? 'left' : row.verdict;
    node.style.top = `${index * ROW_HEIGHT}px`;
    node.setAttribute('role', 'row');
    node.setAttribute('aria-rowindex', String(index + 2));
    const texts = [
      nameOf(row),
      row.type,
      row.nbytes > 0 ? bytesInWords(row.nbytes) : '',
      this.verdict(row),
      row.reason
    ];
    node.append(this.tick(row), ...texts.map(text => cell('gridcell', text)));
    return node;
  }

  private verdict(row: IRow): string {
    if (isLeft(row, this.left)) {
      return this._trans.__('left here');
    }
    return {
      moves: this._trans.__('moves'),
      rebuilt: this._trans.__('made again'),
      stays: this._trans.__('stays')
    }[row.verdict];
  }

  private tick(row: IRow): HTMLElement {
    const holder = cell('gridcell', '');
    if (!/^[\p{L}_][\p{L}\p{N}_]*$/u.test(row.name)) {
      // Not a variable, but what the shell keeps.
      return holder;
    }
    const box = document.createElement('input');
    box.type = 'checkbox';
    box.checked = row.verdict !== 'stays' && !this.left.has(row.name);
    box.disabled = row.verdict === 'stays';
    box.setAttribute('aria-label', this._trans.__('Take %1 along', nameOf(row)));
    box.addEventListener('change', () => {
      if (box.checked) {
        this.left.delete(row.name);
      } else {
        this.left.add(row.name);
      }
      this.showRows();
      this._leftChanged.emit();
    });
    holder.append(box);
    return holder;
  }

  private readonly _trans: TranslationBundle;
  private readonly _columns: readonly (readonly [Column, string])[];
  private readonly _head = document.createElement('div');
  private readonly _view = document.createElement('div');
  private readonly _canvas = document.createElement('div');
  private _rows: readonly IRow[] = [];
  private _sorted: readonly IRow[] = [];
  private _column: Column = 'verdict';
  private _descending = true;
  private readonly _leftChanged = new Signal<this, void>(this);
}

function cell(role: string, text: string): HTMLElement {
  const node = document.createElement('span');
  node.setAttribute('role', role);
  node.textContent = text;
  node.title = text;
  return node;
}
