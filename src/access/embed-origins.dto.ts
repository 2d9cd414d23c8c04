import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayUnique, IsArray, IsString, MaxLength } from 'class-validator';

export class EmbedOriginsDto {
  /** As browsers send them: scheme, host and port, without a path. */
  @IsArray()
  @ArrayMaxSize(100)
  @ArrayUnique()
  @IsString({ each: true })
  @MaxLength(300, { each: true })
  @ApiProperty({ type: [String], maxItems: 100, uniqueItems: true, example: ['https://shop.example'] })
  origins: string[];
}
