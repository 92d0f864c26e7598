/** One kernel, as a page sees it: with us, without us, of another version, asked from another page. */

import type { Kernel } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';

import { stateOf } from '../state';
import { Teleport } from '../teleport';
import { placeInWords } from '../words';
import { trans } from './translation';

const place = { host: 'cartesius', target: 'cartesius', home: 'laptop', pid: 7 };

interface IComm {
  onMsg?: (message: unknown) => void;
  onClose?: () => void;
}

/** As much of a kernel as is needed; what was sent to it is in `sent`. */
class StandIn {
  status = 'idle';
  readonly statusChanged = new Signal<this, string>(this);
  readonly iopubMessage = new Signal<this, unknown>(this);
  readonly sent: unknown[] = [];
  comm: IComm | null = null;

  constructor(private readonly knowsUs: boolean) {}

  requestCommInfo = () =>
    Promise.resolve({ content: { status: 'ok', comms: this.knowsUs ? { beacon: {} } : {} } });

  createComm = (): unknown => {
    const comm: IComm & Record<string, unknown> = {
      commId: 'c',
      open: (data: unknown) => this.sent.push(data),
      send: (data: unknown) => {
        this.sent.push(data);
        return { done: Promise.resolve() };
      },
      dispose: () => undefined
    };
    this.comm = comm;
    return comm;
  };

  say(data: unknown): void {
    this.comm?.onMsg?.({ content: { data } });
  }

  become(status: string): void {
    this.status = status;
    this.statusChanged.emit(status);
  }
}

async function meet(knowsUs = true): Promise<[Teleport, StandIn]> {
  const kernel = new StandIn(knowsUs);
  const teleport = new Teleport(kernel as unknown as Kernel.IKernelConnection);
  await Promise.resolve();
  await Promise.resolve();
  return [teleport, kernel];
}

const words = (teleport: Teleport) =>
  teleport.place === null ? '' : placeInWords(teleport.place, teleport.link, trans);

describe('a kernel', () => {
  it('without our package is never asked, and shows nothing', async () => {
    const [teleport, kernel] = await meet(false);
    expect([kernel.sent, teleport.place, teleport.commId]).toEqual([[], null, '']);
  });

  it('of another version closes the comm, and shows nothing', async () => {
    const [teleport, kernel] = await meet();
    expect(kernel.sent).toEqual([{ version: 1 }]);
    kernel.comm?.onClose?.();
    expect([teleport.place, teleport.commId]).toEqual([null, '']);
  });

  it('says where it is, also to a page that was reloaded or came later', async () => {
    const [teleport, kernel] = await meet();
    kernel.say({ type: 'hello', version: 1, place });
    kernel.say({ type: 'link', link: { state: 'up', seconds: 0, roundTrip: 23 } });
    expect([words(teleport), stateOf(teleport)]).toEqual(['⇄ cartesius · 23 ms', 'away']);
  });

  it('shows a lost link and its end at once', async () => {
    const [teleport, kernel] = await meet();
    kernel.say({ type: 'hello', version: 1, place });
    const seen: string[] = [];
    teleport.changed.connect(() => seen.push(`${words(teleport)} ${stateOf(teleport)}`));
    kernel.say({ type: 'link', link: { state: 'trying', seconds: 4 } });
    kernel.say({ type: 'link', link: { state: 'lost', seconds: 9 } });
    kernel.say({ type: 'link', link: { state: 'up', seconds: 0 } });
    expect(seen).toEqual([
      '⇄ cartesius · reconnecting 4 s trying',
      '⇄ cartesius · lost lost',
      '⇄ cartesius away'
    ]);
    expect(kernel.sent.at(-1)).toEqual({ type: 'where' });
  });

  it('tells moves that another page or user has asked for', async () => {
    const [teleport, kernel] = await meet();
    kernel.say({ type: 'hello', version: 1, place: { ...place, target: 'home' } });
    const ended: string[] = [];
    teleport.moved.connect((_, move) => ended.push(move.stage));
    kernel.say({ type: 'move', move: { stage: 'connect', host: 'huygens', seconds: 0 } });
    expect([stateOf(teleport), teleport.move?.stage]).toEqual(['moving', 'connect']);
    kernel.say({ type: 'move', move: { stage: 'arrived', host: 'huygens', seconds: 2 } });
    expect([ended, teleport.move, words(teleport)]).toEqual([['arrived'], null, '⇄ huygens']);
  });

  it('shows from the click on that a move was asked for, until it is told or refused', async () => {
    const [teleport, kernel] = await meet();
    kernel.say({ type: 'hello', version: 1, place: { ...place, target: 'home' } });
    teleport.expect('cartesius');
    expect(teleport.move?.stage).toBe('asked');
    teleport.refuse();
    expect(teleport.move).toBeNull();
    teleport.expect('cartesius');
    kernel.say({ type: 'move', move: { stage: 'failed', host: 'cartesius', seconds: 0 } });
    expect(teleport.move).toBeNull();
    teleport.dispose();
  });

  it('is forgotten when it restarts, and a plan that it owes is not waited for', async () => {
    const [teleport, kernel] = await meet();
    kernel.say({ type: 'hello', version: 1, place });
    const plan = teleport.plan('cartesius');
    kernel.become('restarting');
    await expect(plan).rejects.toThrow('The kernel has ended.');
    expect([teleport.place, teleport.move, teleport.link]).toEqual([null, null, null]);
  });
});
