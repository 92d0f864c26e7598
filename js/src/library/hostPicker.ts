/** A dialog in which a host is chosen or typed, with the keyboard alone if need be. */

import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { choices } from './hosts';
import type { IHosts } from './requests';

/** The target that the user wants, null if none. */
export async function pickHost(
  known: IHosts,
  title: string,
  trans: TranslationBundle,
  accept = trans.__('Teleport')
): Promise<string | null> {
  const picker = new HostPicker(known, trans);
  const result = await showDialog({
    title,
    body: picker,
    focusNodeSelector: 'input',
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.okButton({ label: accept })
    ]
  });
  const target = result.button.accept ? (result.value ?? '').trim() : '';
  return target === '' ? null : target;
}

class HostPicker extends Widget implements Dialog.IBodyWidget {
  constructor(
    private readonly known: IHosts,
    trans: TranslationBundle
  ) {
    super();
    this.addClass('jp-teleport-picker');
    this._list.id = 'jp-teleport-hosts';
    this._list.setAttribute('role', 'listbox');
    this._list.setAttribute('aria-label', trans.__('Hosts'));
    this._input.type = 'text';
    this._input.placeholder = trans.__('host of your ssh configuration, or user@host');
    this._input.setAttribute('role', 'combobox');
    this._input.setAttribute('aria-controls', this._list.id);
    this._input.setAttribute('aria-expanded', 'true');
    this._input.setAttribute('aria-label', trans.__('Host'));
    this.node.append(this._input, this._list);
    this._input.addEventListener('input', () => {
      this.filter();
    });
    this._input.addEventListener('keydown', event => {
      this.onKey(event);
    });
    this.filter();
  }

  /** See Dialog.IBodyWidget: what was marked, or else typed. */
  getValue(): string {
    return this._shown[this._marked] ?? this._input.value;
  }

  private filter(): void {
    this._shown = choices(this._input.value, this.known.hosts, this.known.recents);
    this.mark(this._input.value.trim() === '' ? -1 : 0);
  }

  private mark(index: number): void {
    this._marked = index;
    this._list.replaceChildren(...this._shown.map((host, number) => this.row(host, number)));
    this._list.children[index]?.scrollIntoView({ block: 'nearest' });
    this._input.setAttribute('aria-activedescendant', index < 0 ? '' : rowId(index));
  }

  private row(host: string, index: number): HTMLElement {
    const row = document.createElement('li');
    row.id = rowId(index);
    row.textContent = host;
    row.setAttribute('role', 'option');
    row.setAttribute('aria-selected', String(index === this._marked));
    row.addEventListener('mousedown', event => {
      // The input keeps the focus, so that Enter goes.
      event.preventDefault();
      this.mark(index);
    });
    return row;
  }

  private onKey(event: KeyboardEvent): void {
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };
    const step = steps[event.key];
    if (step === undefined || this._shown.length === 0) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    this.mark((this._marked + step + this._shown.length) % this._shown.length);
  }

  private readonly _input = document.createElement('input');
  private readonly _list = document.createElement('ul');
  private _shown: string[] = [];
  private _marked = -1;
}

function rowId(index: number): string {
  return `jp-teleport-host-${index}`;
}
