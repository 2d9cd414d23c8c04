import { ApiProperty } from '@nestjs/swagger';
import { PublicKeyDto } from '../catalogue';

export class Evidence {
  /** Notice of revocation that was answered. */
  @ApiProperty({ example: 'ntc_01k9v5m3c8e1p9r2t4y6u8i0ag' })
  notice: string;
  @ApiProperty({ enum: ['stopped', 'erased'], example: 'erased' })
  did: 'stopped' | 'erased';
  /** Compact JWS by the recipient: the certificate holds its SHA-256. */
  @ApiProperty({ example: 'eyJhbGciOiJFZERTQSJ9.eyJub3RpY2UiOiJudGNf…' })
  signature: string;
  /** That it was verified with; the certificate holds its thumbprint (RFC 7638). */
  @ApiProperty({ type: PublicKeyDto })
  publicKey: PublicKeyDto;
}

export class CertificateAnswer {
  /**
   * JWS of type `revocation-certificate+jwt`, by a key of /.well-known/jwks.json: when the use was blocked, which consents
   * ended, which values and keys were destroyed, whom this was told and what each answered, and until when leases ran.
   */
  @ApiProperty({ example: 'eyJhbGciOiJFZERTQSJ9.eyJjb25maXJtZWQiOjF9…' })
  certificate: string;
  /** What recipients have signed. */
  @ApiProperty({ type: [Evidence] })
  evidence: Evidence[];
}

export class ReceiptAnswer {
  /** JWS of type `consent-termination+jwt`: which consents ended, when and by whom. Always the same. */
  @ApiProperty({ example: 'eyJhbGciOiJFZERTQSJ9.eyJAdHlwZSI6ImRwdjpD…' })
  receipt: string;
}
