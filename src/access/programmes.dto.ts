import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsString, Length, Matches } from 'class-validator';

export class NewProgrammeDto {
  /** Short name, the programme's own for good. */
  @Matches(/^[a-z][a-z0-9-]{1,62}$/, {
    message: 'slug must begin with a letter and hold 2 to 63 small letters, digits and hyphens',
  })
  @ApiProperty({ example: 'rosenrot' })
  slug: string;

  /** Name as customers know it. */
  @IsString()
  @Length(1, 200)
  @ApiProperty({ example: 'Rosenrot Club' })
  name: string;

  /** Language of its texts where a customer's own is not known. */
  @IsIn(['de', 'en'])
  @ApiProperty({ enum: ['de', 'en'], example: 'de' })
  locale: 'de' | 'en';
}

/** What a programme has decided about itself. */
export class ProgrammeSettingsDto {
  @ApiProperty({ example: 'prg_01kbn7p4a2f8x9d0v5q3w6y1zr' })
  id: string;

  @ApiProperty({ example: 'Rosenrot Club' })
  name: string;

  @ApiProperty({ example: 'rosenrot' })
  slug: string;

  @ApiProperty({ enum: ['de', 'en'], example: 'de' })
  locale: 'de' | 'en';

  /** Whether an offer is published only after a second person has approved it. */
  @ApiProperty({ example: true })
  requiresApproval: boolean;
}

export class EditProgrammeDto {
  /** From the answer on nothing is published that a second person has not approved; false: one person is enough. */
  @IsBoolean()
  @ApiProperty({ example: true })
  requiresApproval: boolean;
}

export class ProgrammeDto {
  /** Id of the programme. */
  @ApiProperty({ example: 'prg_01kbn7p4a2f8x9d0v5q3w6y1zr' })
  id: string;

  /** Key of its first admin. It is shown this once and cannot be had again. */
  @ApiProperty({ example: 'gw_st_Yb0v3GZJ5m9pQ7dX1rK8tN2wF4hL6cVaSeUoIiTxWqE' })
  adminKey: string;
}
