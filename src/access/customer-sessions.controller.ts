import { Body, Controller, Post, Req } from '@nestjs/common';
import { ApiCreatedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Idempotency, ThisCall, type Call } from '../idempotency';
import { Allow, Caller } from './access.decorators';
import { CustomerSessionDto, NewCustomerSessionDto } from './customer-sessions.dto';
import { CustomerSessions } from './customer-sessions';
import type { PrincipalOf } from './principal';
import { addLink } from './session-links';

@ApiTags('Customer sessions')
@Controller('v1/customer-sessions')
export class CustomerSessionsController {
  constructor(
    private readonly sessions: CustomerSessions,
    private readonly idempotency: Idempotency,
  ) {}

  @Post()
  @Allow('storefront')
  @ApiOperation({
    operationId: 'openCustomerSession',
    summary: 'Let one customer in, for 15 minutes',
    description:
      'token is for a page of the shop that holds the customer’s page; url is that page by itself, for whoever follows it ' +
      'first. Each ends early when the key that opened it is revoked or expires.',
  })
  @ApiCreatedResponse({ type: CustomerSessionDto })
  open(
    @ThisCall() call: Call,
    @Caller() storefront: PrincipalOf<'storefront'>,
    @Req() request: FastifyRequest,
    @Body() { customerRef, locale, context: facts }: NewCustomerSessionDto,
  ): Promise<CustomerSessionDto> {
    const { programmeId, callerId: key } = storefront;
    return this.idempotency.once(call, 201, async (tx) => {
      const link = await addLink(tx, { customerRef, locale, key, facts });
      const { token, expiresAt } = await this.sessions.begin({ programmeId, customerRef, locale, key, facts });
      return { token, url: `${request.protocol}://${request.host}/me#link=${link}`, expiresAt };
    });
  }
}
