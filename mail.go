package main

import (
	"context"
	"fmt"

	"portal/mail"
	"portal/models"
)

type mailCommands struct {
	Test mailTestCommand `cmd:"" help:"Send a test message, to see that the mail server takes it and where it arrives."`
}

type mailTestCommand struct {
	Address string `arg:"" help:"Whom to send it to."`
}

// Run sends one message now, outside of the outbox.
func (cmd *mailTestCommand) Run(ctx context.Context, s *Settings) error {
	cfg, err := s.check()
	if err != nil {
		return err
	}
	if cfg.mail == nil {
		return wrongSetting("--smtp-server is empty: there is no e-mail")
	}
	to, err := models.NormalizeEmail(cmd.Address)
	if err != nil {
		return wrongSetting("%v", err)
	}
	if err := mail.NewSender(nil, *cfg.mail, cfg.public.String(), newLogger()).Try(ctx, to); err != nil {
		return err
	}
	fmt.Printf("The mail server has taken it. Look whether it arrives at %s, and not among the unwanted.\n", to)
	return nil
}
