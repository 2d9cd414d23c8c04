import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from './app.module';
import { readConfig } from './platform/config';
import { openApiDocument } from './platform/http/openapi';
import { KeyRing } from './platform/key-ring';
import type { Platform } from './platform/platform.module';

/**
 * What the modules are built with where nothing is served: a constructor may keep it, read the settings, and derive a key
 * of the service; whoever used more would fail.
 */
const nothing = {} as never;
const standIn: Platform = {
  config: readConfig({}),
  database: nothing,
  keyRing: new KeyRing(Buffer.alloc(32), nothing),
  signingKeys: nothing,
  logger: nothing,
  bell: nothing,
};

/** Prints the contract, as the build has it: `npm run openapi` writes it to openapi.json. */
async function print(): Promise<void> {
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.of(standIn), new FastifyAdapter(), {
    logger: false,
    abortOnError: false,
  });
  process.stdout.write(`${JSON.stringify(openApiDocument(app), undefined, 2)}\n`);
  await app.close();
}

void print();
