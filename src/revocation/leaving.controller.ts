import { Controller, Delete, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOperation, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { Allow, Caller, type PrincipalOf } from '../access';
import { Gates } from '../catalogue';
import { type Call, Idempotency, ThisCall } from '../idempotency';
import { JobAnswer } from '../jobs';
import { Database } from '../platform/database';
import { toPublicId } from '../platform/ids';
import { KeyRing } from '../platform/key-ring';
import { BELL, type Bell } from '../platform/platform.module';
import { leave } from './customer-erasure';
import { withdraw } from './withdrawals';

class BalanceChoice {
  /** What becomes of the points: kept on an account without a name, or given up. The customer's own choice. */
  @ApiPropertyOptional({ enum: ['keep', 'forfeit'], default: 'keep', example: 'keep' })
  @IsOptional()
  @IsIn(['keep', 'forfeit'])
  balance?: 'keep' | 'forfeit';
}

/** What ends for good, and is finished by a job. */
@ApiTags('Revocation')
@Controller('v1')
export class LeavingController {
  constructor(
    private readonly database: Database,
    private readonly idempotency: Idempotency,
    private readonly keyRing: KeyRing,
    private readonly gates: Gates,
    @Inject(BELL) private readonly bell: Bell,
  ) {}

  /** Everything is revoked when this answers; then values are destroyed and the reference is dropped. */
  @Delete('customers/:customerRef')
  @HttpCode(202)
  @Allow('storefront')
  @ApiOperation({ operationId: 'eraseCustomer', summary: 'Erase a customer' })
  @ApiAcceptedResponse({ type: JobAnswer })
  erase(
    @Caller() { programmeId }: PrincipalOf<'storefront'>,
    @Param('customerRef') customerRef: string,
    @Query() { balance = 'keep' }: BalanceChoice,
  ): Promise<JobAnswer> {
    return this.leave(programmeId, customerRef, balance);
  }

  @Delete('me')
  @HttpCode(202)
  @Allow('customer')
  @ApiTags('Customer')
  @ApiOperation({ operationId: 'eraseMe', summary: 'Erase me' })
  @ApiAcceptedResponse({ type: JobAnswer })
  eraseMe(
    @Caller() { programmeId, customerRef }: PrincipalOf<'customer'>,
    @Query() { balance = 'keep' }: BalanceChoice,
  ): Promise<JobAnswer> {
    return this.leave(programmeId, customerRef, balance);
  }

  /** No release for it from here on; the consents are ended by a job, and recipients told as of any revocation. */
  @Post('purposes/:key/withdrawal')
  @HttpCode(202)
  @Allow('dpo')
  @ApiOperation({ operationId: 'withdrawPurpose', summary: 'End a purpose for everyone' })
  @ApiAcceptedResponse({ type: JobAnswer })
  withdrawPurpose(@ThisCall() call: Call, @Param('key') key: string): Promise<JobAnswer> {
    return this.withdraw(call, 'purpose', key);
  }

  /** No release to it from here on; every consent that names it is ended by a job. */
  @Post('recipients/:key/withdrawal')
  @HttpCode(202)
  @Allow('dpo')
  @ApiOperation({ operationId: 'withdrawRecipient', summary: 'End a recipient for everyone' })
  @ApiAcceptedResponse({ type: JobAnswer })
  withdrawRecipient(@ThisCall() call: Call, @Param('key') key: string): Promise<JobAnswer> {
    return this.withdraw(call, 'recipient', key);
  }

  private async leave(programmeId: string, customerRef: string, balance: 'keep' | 'forfeit'): Promise<JobAnswer> {
    const id = await this.database.inProgrammeReserved(programmeId, (tx) =>
      leave(tx, this.keyRing, customerRef, balance),
    );
    this.bell.ring(programmeId);
    return { jobId: toPublicId('job', id) };
  }

  private async withdraw(call: Call, what: 'purpose' | 'recipient', key: string): Promise<JobAnswer> {
    const { programmeId } = call.principal;
    const answer = await this.gates.shut(programmeId, () =>
      this.idempotency.once(call, 202, async (tx) => ({ jobId: toPublicId('job', await withdraw(tx, what, key)) }), {
        reserved: true,
        ahead: true,
      }),
    );
    this.bell.ring(programmeId);
    return answer;
  }
}
