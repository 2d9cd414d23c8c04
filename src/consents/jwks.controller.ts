import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Public } from '../access';
import { ApiProblems } from '../platform/http/api-problems';
import { TOO_MANY_REQUESTS } from '../platform/http/openapi-problems';
import { SigningKeys, type PublicJwk } from '../platform/signing-keys';

@ApiTags('Service')
@Public()
@Controller('.well-known')
export class JwksController {
  constructor(private readonly keys: SigningKeys) {}

  @Get('jwks.json')
  @Header('Cache-Control', 'public, max-age=300')
  @ApiOperation({
    operationId: 'jwks',
    summary: 'Public keys that receipts and certificates are verified with (RFC 7517)',
  })
  @ApiOkResponse({
    schema: {
      type: 'object',
      required: ['keys'],
      properties: {
        keys: {
          type: 'array',
          items: {
            type: 'object',
            required: ['kty', 'crv', 'x', 'kid', 'alg', 'use'],
            properties: {
              kty: { type: 'string', enum: ['OKP'] },
              crv: { type: 'string', enum: ['Ed25519'] },
              x: { type: 'string' },
              kid: { type: 'string' },
              alg: { type: 'string', enum: ['EdDSA'] },
              use: { type: 'string', enum: ['sig'] },
            },
          },
        },
      },
    },
  })
  @ApiProblems({ 429: TOO_MANY_REQUESTS })
  jwks(): { keys: PublicJwk[] } {
    return this.keys.jwks;
  }
}
