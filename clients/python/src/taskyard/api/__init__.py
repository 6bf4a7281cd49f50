# Generated from the OpenAPI document by `npm run generate:python`.
