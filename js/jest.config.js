// The library is tested without JupyterLab; with it, in a browser, by tests/test_ui_lab.py.
module.exports = {
  testEnvironment: 'jsdom',
  setupFiles: ['<rootDir>/jest.setup.js'],
  testMatch: ['<rootDir>/src/**/__tests__/*.spec.ts'],
  transform: { '^.+\\.tsx?$': ['ts-jest', { tsconfig: { module: 'commonjs', moduleResolution: 'node', rootDir: 'src', isolatedModules: true }, diagnostics: false }] }
};
