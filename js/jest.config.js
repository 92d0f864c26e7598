// The library is tested without JupyterLab; with it, in a browser, by tests/test_lab_*.py.
module.exports = {
  testEnvironment: 'jsdom',
  testMatch: ['<rootDir>/src/**/__tests__/*.spec.ts'],
  transform: { '^.+\\.tsx?$': ['ts-jest', { tsconfig: { module: 'commonjs', moduleResolution: 'node', rootDir: 'src' }, diagnostics: false, isolatedModules: true }] }
};
