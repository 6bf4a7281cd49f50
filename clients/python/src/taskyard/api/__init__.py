# Generated from the OpenAPI document by `npm run generate:python`.
VERSION = "0.1.0"
