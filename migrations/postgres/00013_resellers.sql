-- +goose Up

-- Whose key the calls for a reseller's accounts are signed with: a profile's name in the SDK's files, never a key. Empty: the portal's default.
ALTER TABLE resellers ADD COLUMN credential_profile text NOT NULL DEFAULT '' CHECK (length(credential_profile) <= 64);
