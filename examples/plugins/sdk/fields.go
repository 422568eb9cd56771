package sdk

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// Fields declares settings or inputs by the struct they are read into: one row for each field that has both a `json`
// name and a `wick` tag. The tag's parts are separated by `;`:
//
//	required, secret                     flags
//	desc=…, default=…                    texts, without `;`
//	textarea, url, email, date, …        how it is asked for; otherwise the Go type decides
//	dropdown=a|b|c                       one of these
//
// A tag that can't be meant panics, so that the first test or run finds it.
func Fields[T any]() []Config {
	rows := []Config{}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[T]()) {
		if tag, ok := field.Tag.Lookup("wick"); ok {
			rows = append(rows, row(field, tag))
		}
	}
	return rows
}

func row(field reflect.StructField, tag string) Config {
	config := Config{Key: jsonName(field), Type: typeOf(field)}
	for part := range strings.SplitSeq(tag, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "required":
			config.Required = true
		case "secret":
			config.Type, config.IsSecret = "secret", true
		case "desc":
			config.Description = value
		case "default":
			config.Value = value
		case "dropdown":
			config.Type, config.Options = name, value
		case "text", "textarea", "number", "checkbox", "url", "email", "color", "date", "datetime":
			config.Type = name
		default:
			panic(fmt.Sprintf("field %s: its wick tag has `%s`, which means nothing", field.Name, part))
		}
	}
	return config
}

func jsonName(field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	if name == "" || name == "-" {
		panic(fmt.Sprintf("field %s has a wick tag and no json name", field.Name))
	}
	return name
}

func typeOf(field reflect.StructField) string {
	switch field.Type.Kind() {
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "checkbox"
	case reflect.Int, reflect.Int64, reflect.Float64:
		return "number"
	default:
		panic(fmt.Sprintf("field %s: no form has a place for a %s", field.Name, field.Type))
	}
}

// Settings reads what a host keeps for the plugin into the struct that declares it. What is not set has its default.
func Settings[T any](creds map[string]string) (T, error) {
	var settings T
	into := reflect.ValueOf(&settings).Elem()
	for _, field := range reflect.VisibleFields(into.Type()) {
		tag, ok := field.Tag.Lookup("wick")
		if !ok {
			continue
		}
		config := row(field, tag)
		text := creds[config.Key]
		if text == "" {
			text = config.Value
		}
		if text == "" {
			continue
		}
		if err := set(into.FieldByIndex(field.Index), text); err != nil {
			return settings, Fail("bad_config", "`%s` must be of type %s", config.Key, field.Type)
		}
	}
	return settings, nil
}

func set(field reflect.Value, text string) error {
	switch field.Kind() {
	case reflect.Bool:
		value, err := strconv.ParseBool(text)
		field.SetBool(value)
		return err
	case reflect.Int, reflect.Int64:
		value, err := strconv.ParseInt(text, 10, 64)
		field.SetInt(value)
		return err
	case reflect.Float64:
		value, err := strconv.ParseFloat(text, 64)
		field.SetFloat(value)
		return err
	default:
		field.SetString(text)
		return nil
	}
}
