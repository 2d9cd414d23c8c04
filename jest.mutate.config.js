/** The specs beside the sources of what decides about points: no database, so that thousands of mutants can be tried. */
const { transform, transformIgnorePatterns, moduleNameMapper } = require('./jest.config.js');

module.exports = {
  rootDir: __dirname,
  testEnvironment: 'node',
  transform,
  transformIgnorePatterns,
  moduleNameMapper,
  testMatch: ['<rootDir>/src/{ledger,redemption}/*.spec.ts'],
};
