import { said, type Answer, type Api } from './api';
import type { DemoKeys } from './keys';
import type { Teller } from './teller';

interface Redemption {
  id: string;
  status: string;
  points: number;
  refunded: number;
}

interface Balance {
  available: number;
  held: number;
}

interface Lineage {
  data: { points: number; offerKey?: string; shareRevokedAt?: string }[];
}

/** Tells the checkout: points that a customer kept are spent, never twice, and a code is used once. */
export class Checkout {
  private readonly cart: string;

  constructor(
    private readonly api: Api,
    private readonly keys: DemoKeys,
    private readonly teller: Teller,
    private readonly customerRef: string,
  ) {
    this.cart = `cart-${customerRef}`;
  }

  /** Of a customer with 180 points and this discount code. */
  async tell(code: string): Promise<void> {
    this.teller.chapter('8. At the checkout: points are spent, and never twice');
    await this.spend();
    await this.useCode(code);
  }

  private async spend(): Promise<void> {
    const { teller } = this;
    let id = '';
    await teller.step('The shop holds 150 points for an order', '201, held, 150 points', async () => {
      const answer = await this.redeem(150, this.cart);
      id = answer.body.id;
      return said(answer, ({ status, points }) => [status, `${points} points`]);
    });
    await teller.step('A second cart, on another device, wants 100', '409 insufficient-points', async () =>
      said(await this.redeem(100, `${this.cart}-2`), ({ status }) => [status]),
    );
    await teller.step('What the customer has meanwhile', '200, 30 available, 150 held', () => this.balance());
    const next = (step: string, body: object = {}): Promise<Answer<Redemption>> =>
      this.api.post(`/v1/redemptions/${id}/${step}`, this.keys.storefront, body);
    await teller.step('The order is shipped', '200, captured', async () =>
      said(await next('capture'), ({ status }) => [status]),
    );
    await teller.step('Too late to let go of them', '409 redemption-state', async () =>
      said(await next('release'), ({ status }) => [status]),
    );
    await teller.step('A part comes back: 40 points are refunded', '200, captured, 40 refunded', async () =>
      said(await next('refund', { points: 40 }), ({ status, refunded }) => [status, `${refunded} refunded`]),
    );
    await teller.step('They are where they came from', '200, 70 available, 0 held', () => this.balance());
    await teller.step(
      'Which offers had earned what was spent?',
      '200, 120 by birthday (revoked), 30 by diet',
      async () => {
        const answer = await this.api.get<Lineage>(`/v1/redemptions/${id}/lineage?locale=en`, this.keys.storefront);
        return said(answer, ({ data }) =>
          data.map((one) => `${one.points} by ${one.offerKey}${one.shareRevokedAt === undefined ? '' : ' (revoked)'}`),
        );
      },
    );
  }

  private async useCode(code: string): Promise<void> {
    const { teller } = this;
    const use = async (step: string, orderRef: string): Promise<string> => {
      const path = `/v1/discounts/${code}/${step}`;
      const answer = await this.api.post<{ status: string }>(path, this.keys.storefront, { orderRef });
      return said(answer, ({ status }) => [status]);
    };
    await teller.step('The discount code is reserved for an order', '200, reserved', () => use('reserve', this.cart));
    await teller.step('Another order tries it', '409 code-used', () => use('redeem', `${this.cart}-2`));
    await teller.step('The order redeems it', '200, redeemed', () => use('redeem', this.cart));
  }

  private redeem(points: number, orderRef: string): Promise<Answer<Redemption>> {
    const body = { customerRef: this.customerRef, points, orderRef, capture: false };
    return this.api.post('/v1/redemptions', this.keys.storefront, body);
  }

  private async balance(): Promise<string> {
    const path = `/v1/customers/${this.customerRef}/balance`;
    const answer = await this.api.get<Balance>(path, this.keys.storefront);
    return said(answer, ({ available, held }) => [`${available} available`, `${held} held`]);
  }
}
