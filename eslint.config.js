import js from '@eslint/js';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'test/support/generated/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { project: ['./test/tsconfig.json'] } },
    rules: {
      // A number in a template is as clear as its String().
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // TypeGraphQL's types are classes with fields and no methods.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      // Decorators declare GraphQL arguments on parameters, used or not.
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      // TypeGraphQL's classes describe shapes; plain objects are what resolvers return.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
    },
  },
);
