import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Allow, Caller, type PrincipalOf } from '../access';
import { PageQuery } from '../platform/http/page.dto';
import { CertificateAnswer, ReceiptAnswer } from './certificate.dto';
import { OverdueNoticeList } from './overdue.dto';
import { Proofs } from './proofs.service';

@ApiTags('Revocation')
@Controller('v1')
export class ProofsController {
  constructor(private readonly proofs: Proofs) {}

  /** At any time, and then of that time: what has not happened yet is not in it. */
  @Get('revocations/:id/certificate')
  @Allow('storefront', 'dpo')
  @ApiOperation({ operationId: 'getCertificate', summary: 'Signed statement of what a revocation has stopped' })
  @ApiOkResponse({ type: CertificateAnswer })
  certificate(
    @Caller() { programmeId }: PrincipalOf<'storefront' | 'staff'>,
    @Param('id') id: string,
  ): Promise<CertificateAnswer> {
    return this.proofs.certificate(programmeId, id);
  }

  @Get('me/revocations/:id/certificate')
  @Allow('customer')
  @ApiTags('Customer')
  @ApiOperation({ operationId: 'getMyCertificate', summary: 'The same, of a revocation of the customer' })
  @ApiOkResponse({ type: CertificateAnswer })
  certificateOfMine(
    @Caller() { programmeId, customerRef }: PrincipalOf<'customer'>,
    @Param('id') id: string,
  ): Promise<CertificateAnswer> {
    return this.proofs.certificate(programmeId, id, customerRef);
  }

  @Get('revocations/:id/receipt')
  @Allow('storefront', 'dpo')
  @ApiOperation({ operationId: 'getTerminationReceipt', summary: 'Receipt of the end of consents' })
  @ApiOkResponse({ type: ReceiptAnswer })
  receipt(
    @Caller() { programmeId }: PrincipalOf<'storefront' | 'staff'>,
    @Param('id') id: string,
  ): Promise<ReceiptAnswer> {
    return this.proofs.receipt(programmeId, id);
  }

  @Get('me/revocations/:id/receipt')
  @Allow('customer')
  @ApiTags('Customer')
  @ApiOperation({ operationId: 'getMyTerminationReceipt', summary: 'The same, of a revocation of the customer' })
  @ApiOkResponse({ type: ReceiptAnswer })
  receiptOfMine(
    @Caller() { programmeId, customerRef }: PrincipalOf<'customer'>,
    @Param('id') id: string,
  ): Promise<ReceiptAnswer> {
    return this.proofs.receipt(programmeId, id, customerRef);
  }

  /** For somebody to call the recipient; its suspension is lifted when the last of them is answered. */
  @Get('revocation-notices/overdue')
  @Allow('dpo')
  @ApiOperation({ operationId: 'listOverdueNotices', summary: 'Notices that recipients have not answered in time' })
  @ApiOkResponse({ type: OverdueNoticeList })
  overdue(@Caller() { programmeId }: PrincipalOf<'staff'>, @Query() page: PageQuery): Promise<OverdueNoticeList> {
    return this.proofs.overdue(programmeId, page);
  }
}
