import { DynamicModule, Module } from '@nestjs/common';
import { ServerEvents } from './http/server-events';
import type { Logger } from './logging';
import type { Bell } from './queue';
import { SigningKeys } from './signing-keys';
import type { Config } from './config';
import { Database } from './database';
import type { Fence } from './fence';
import { KeyRing } from './key-ring';

export const CONFIG = Symbol('config');
export const LOGGER = Symbol('logger');
export const BELL = Symbol('bell');
export const FENCE = Symbol('fence');
export type { Bell } from './queue';

export interface Platform {
  config: Config;
  database: Database;
  keyRing: KeyRing;
  signingKeys: SigningKeys;
  logger: Logger;
  bell: Bell;
  /** Undefined: there is nothing that could be closed. */
  fence?: Fence;
}

/** What the processes build before Nest starts, given to every module. */
@Module({})
export class PlatformModule {
  static of(platform: Platform): DynamicModule {
    const providers = [
      { provide: CONFIG, useValue: platform.config },
      { provide: LOGGER, useValue: platform.logger },
      { provide: BELL, useValue: platform.bell },
      { provide: FENCE, useValue: platform.fence },
      { provide: Database, useValue: platform.database },
      { provide: KeyRing, useValue: platform.keyRing },
      { provide: SigningKeys, useValue: platform.signingKeys },
    ];
    const given = providers.map(({ provide }) => provide);
    return {
      module: PlatformModule,
      global: true,
      providers: [...providers, ServerEvents],
      exports: [...given, ServerEvents],
    };
  }
}
