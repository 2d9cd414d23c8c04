import { applyDecorators, Controller, Get, Headers, Query, StreamableFile, type Type } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiOperation, ApiTags, getSchemaPath } from '@nestjs/swagger';
import { Allow, Caller, type PrincipalOf } from '../access';
import { liabilityOf } from '../accounting';
import { Database, type Statement, type Tx } from '../platform/database';
import { ApiProblems } from '../platform/http/api-problems';
import { preferred } from '../platform/http/preferred';
import { attributeCostsOf } from './attribute-costs';
import { burnDownOf } from './burn-down';
import { cohortsOf } from './cohorts';
import { attributeCostsCsv, burnDownCsv, cohortsCsv, funnelCsv, liabilityCsv, stoppingTimesCsv } from './figures-text';
import { funnelOf } from './funnel';
import {
  AttributeCostsView,
  BurnDownView,
  CohortsQuery,
  CohortsView,
  type Format,
  FormatQuery,
  FunnelQuery,
  FunnelView,
  LiabilityFigures,
  OfferQuery,
  StoppingTimesQuery,
  StoppingTimesView,
} from './programme-figures.dto';
import { stoppingTimesOf } from './stopping-times';

type Staff = PrincipalOf<'staff'>;

/** Figures read much, and seldom: in memory rather than on disk, and with one core, so that shares have the others. */
const PLAN: Statement = {
  name: 'plan_for_figures',
  text: `SELECT set_config('work_mem', '64MB', true), set_config('max_parallel_workers_per_gather', '0', true), set_config('jit', 'off', true)`,
};

const ApiFigure = (operationId: string, summary: string, type: Type<unknown>) =>
  applyDecorators(
    ApiOperation({ operationId, summary }),
    ApiExtraModels(type),
    ApiOkResponse({
      description: summary,
      content: {
        'application/json': { schema: { $ref: getSchemaPath(type) } },
        'text/csv': { schema: { type: 'string', description: 'RFC 4180, with a header' } },
      },
    }),
  );

const NONE_OF_THESE = { 404: { 'not-found': 'there is none with this id or key in this programme' } };

/** What marketing and the DPO look at: read models. Of fewer than 10 persons none says how many, nor by a difference. */
@ApiTags('Figures')
@Controller('v1/figures')
export class ProgrammeFiguresController {
  constructor(private readonly database: Database) {}

  /** Persons, each once a step. Offered is estimated to a few per cent: nobody is remembered. */
  @Get('funnel')
  @Allow('marketing')
  @ApiFigure('getFunnel', 'How many were offered, shared, were granted the reward, and revoked', FunnelView)
  @ApiProblems(NONE_OF_THESE)
  funnel(@Caller() caller: Staff, @Query() query: FunnelQuery, @Headers('accept') accept?: string) {
    return this.figure(caller, (tx) => funnelOf(tx, query), { name: 'funnel', csv: funnelCsv, ...query, accept });
  }

  @Get('burn-down')
  @Allow('marketing')
  @ApiFigure('getBurnDown', 'What an offer promises by day, what is left, and how long that will do', BurnDownView)
  @ApiProblems(NONE_OF_THESE)
  burnDown(@Caller() caller: Staff, @Query() query: OfferQuery, @Headers('accept') accept?: string) {
    const form = { name: 'burn-down', csv: burnDownCsv, ...query, accept };
    return this.figure(caller, (tx) => burnDownOf(tx, query.offer), form);
  }

  @Get('cohorts')
  @Allow('marketing')
  @ApiFigure('getCohorts', 'How many keep their consents, by the month in which they gave them', CohortsView)
  @ApiProblems({ 404: { 'not-found': 'there is none with this id or key in this programme' } })
  cohorts(@Caller() caller: Staff, @Query() query: CohortsQuery, @Headers('accept') accept?: string) {
    return this.figure(caller, (tx) => cohortsOf(tx, query), { name: 'cohorts', csv: cohortsCsv, ...query, accept });
  }

  @Get('attribute-costs')
  @Allow('marketing')
  @ApiFigure('getAttributeCosts', 'What a usable value of each attribute costs', AttributeCostsView)
  attributeCosts(@Caller() caller: Staff, @Query() query: FormatQuery, @Headers('accept') accept?: string) {
    return this.figure(caller, attributeCostsOf, { name: 'attribute-costs', csv: attributeCostsCsv, ...query, accept });
  }

  @Get('liability')
  @Allow('marketing', 'dpo')
  @ApiFigure('getPointsLiability', 'Points that can still be spent, by the month in which they end', LiabilityFigures)
  liability(@Caller() caller: Staff, @Query() query: FormatQuery, @Headers('accept') accept?: string) {
    return this.figure(caller, liabilityFigures, { name: 'liability', csv: liabilityCsv, ...query, accept });
  }

  @Get('stopping-times')
  @Allow('marketing', 'dpo')
  @ApiFigure('getStoppingTimes', 'How soon a revocation holds, is erased and told, by week', StoppingTimesView)
  stoppingTimes(@Caller() caller: Staff, @Query() query: StoppingTimesQuery, @Headers('accept') accept?: string) {
    const form = { name: 'stopping-times', csv: stoppingTimesCsv, ...query, accept };
    return this.figure(caller, (tx) => stoppingTimesOf(tx, query.weeks), form);
  }

  private async figure<View>(
    { programmeId }: Staff,
    read: (tx: Tx) => Promise<View>,
    { name, csv, format, accept }: Form<View>,
  ): Promise<View | StreamableFile> {
    const view = await this.database.inProgramme(programmeId, async (tx) => {
      const [, figure] = await Promise.all([tx.query(PLAN, []), read(tx)]);
      return figure;
    });
    if ((format ?? preferred(accept, ['json', 'csv'])) === 'json') return view;
    return new StreamableFile(Buffer.from(csv(view)), {
      type: 'text/csv; charset=utf-8; header=present',
      disposition: `attachment; filename="${name}.csv"`,
    });
  }
}

interface Form<View> {
  name: string;
  csv: (view: View) => string;
  format?: Format | undefined;
  accept: string | undefined;
}

async function liabilityFigures(tx: Tx): Promise<LiabilityFigures> {
  const { points, byExpiry } = await liabilityOf(tx, undefined);
  return { months: byExpiry.map(({ month, points: own }) => ({ month, points: own })), total: points };
}
