import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Allow, Caller, type PrincipalOf } from '../access';
import { Database } from '../platform/database';
import { type IdPrefix, toPublicId } from '../platform/ids';
import { invalidField } from '../platform/problem';
import {
  AtQuery,
  type DifferenceIds,
  LiabilityView,
  MovementsQuery,
  MovementsView,
  ReconciliationView,
  TrialBalanceView,
} from './accounting.dto';
import { liabilityOf } from './liability';
import { movementsOf } from './movements';
import { compare, COMPARISONS, type Difference } from './reconciliation';
import { trialBalanceOf } from './trial-balance';

type Staff = PrincipalOf<'staff'>;

/** A programme's points as an accountant asks for them: sums, and no customer. */
@ApiTags('Accounting')
@Controller('v1/accounting')
@Allow('marketing')
export class AccountingController {
  constructor(private readonly database: Database) {}

  @Get('liability')
  @ApiOperation({
    operationId: 'getLiability',
    summary: 'Points that can still be spent, when they end, and their worth',
  })
  @ApiOkResponse({ type: LiabilityView })
  liability(@Caller() { programmeId }: Staff, @Query() query: AtQuery): Promise<LiabilityView> {
    return this.database.inProgramme(programmeId, (tx) => liabilityOf(tx, atOf(query)));
  }

  @Get('movements')
  @ApiOperation({
    operationId: 'getMovements',
    summary: 'Points issued, spent, expired, reversed and forfeited, by period',
  })
  @ApiOkResponse({ type: MovementsView })
  movements(@Caller() { programmeId }: Staff, @Query() query: MovementsQuery): Promise<MovementsView> {
    return this.database.inProgramme(programmeId, (tx) => movementsOf(tx, query));
  }

  @Get('trial-balance')
  @ApiOperation({ operationId: 'getTrialBalance', summary: 'The balance of each kind of account; they come to 0' })
  @ApiOkResponse({ type: TrialBalanceView })
  trialBalance(@Caller() { programmeId }: Staff, @Query() query: AtQuery): Promise<TrialBalanceView> {
    return this.database.inProgramme(programmeId, (tx) => trialBalanceOf(tx, atOf(query)));
  }

  /** Budgets against awards, awards against ledger and codes, redemptions and balances against the ledger. Reads everything. */
  @Get('reconciliation')
  @ApiOperation({ operationId: 'reconcile', summary: 'Where two sides of the books differ: must be nowhere' })
  @ApiOkResponse({ type: ReconciliationView })
  async reconciliation(@Caller() { programmeId }: Staff): Promise<ReconciliationView> {
    const view: ReconciliationView = { differences: 0, data: [] };
    for (const comparison of COMPARISONS) {
      const { differences, named } = await this.database.inProgramme(programmeId, (tx) => compare(tx, comparison));
      view.differences += differences;
      view.data.push(...named.map(({ what, ids }) => ({ comparison, what, ids: publicIdsOf(ids) })));
    }
    return view;
  }
}

/** @throws 422 for a time that is still to come: nobody knows what will be booked until then. */
function atOf({ at }: AtQuery): Date | undefined {
  if (at === undefined) return undefined;
  const instant = new Date(at);
  if (instant.getTime() > Date.now()) throw invalidField('/at', 'at must not be in the future');
  return instant;
}

const PREFIXES: Record<string, IdPrefix> = { offer: 'off', award: 'awd', transfer: 'trf', redemption: 'red' };

const publicIdsOf = (ids: Difference['ids']): DifferenceIds =>
  Object.fromEntries(
    Object.entries(ids).map(([name, id]) => {
      const prefix = PREFIXES[name];
      return [name, prefix === undefined ? id : toPublicId(prefix, String(id))];
    }),
  );
