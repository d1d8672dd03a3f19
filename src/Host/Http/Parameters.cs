// What operators send is checked here, before anything is asked of the node. Each check gives back a 400 that names the
// parameter and what it must be, or null.
using System.Text;
using HotStandby.Host.Commands.Operator;
using HotStandby.Messages.Identity;
using Microsoft.AspNetCore.Http;

namespace HotStandby.Host.Http;

/// <summary>Checks of single parameters.</summary>
internal static class Parameters
{
    private const int MaximumNameBytes = 4096;
    private const int MaximumTenantBytes = 1024;

    /// <summary>An object's key in a tenant.</summary>
    public static IResult? Key(string? key, byte[] tenant, out ObjectKey result, string parameter = "key")
    {
        result = default;
        if (string.IsNullOrEmpty(key))
            return ErrorAnswer.BadParameter(parameter, "is missing");
        result = ObjectKey.From(tenant, Encoding.UTF8.GetBytes(key));
        return result.Bytes.Length > ObjectKey.MaximumBytes
            ? ErrorAnswer.BadParameter(parameter, $"must be 1 to {ObjectKey.MaximumBytes} bytes, with its tenant")
            : null;
    }

    /// <summary>A tenant. No bytes mean the default tenant, or all, as the endpoint has it.</summary>
    public static IResult? Tenant(Tenancy tenancy, string? tenant, out byte[] result)
    {
        var named = Encoding.UTF8.GetBytes(tenant ?? "");
        result = tenancy.Scope(named).ToArray();
        return tenancy.Accepts(named) && result.Length <= MaximumTenantBytes
            ? null
            : ErrorAnswer.BadParameter(
                "tenant_id", $"must be at most {MaximumTenantBytes} bytes without control characters, and not begin with _");
    }

    /// <summary>A switch that is off when absent.</summary>
    public static IResult? Flag(string? text, string parameter, out bool result)
    {
        result = text is "1" || string.Equals(text, "true", StringComparison.OrdinalIgnoreCase);
        return result || text is null or "" or "0" || string.Equals(text, "false", StringComparison.OrdinalIgnoreCase)
            ? null
            : ErrorAnswer.BadParameter(parameter, "must be true, 1, false or 0");
    }

    /// <summary>A whole number. Read from text, so that what is no number gets a sentence.</summary>
    /// <param name="text">The query's value; null and empty are absent.</param>
    /// <param name="parameter">Its name.</param>
    /// <param name="range">What it may be.</param>
    /// <param name="absent">What it is when absent; null: it must be there.</param>
    /// <param name="result">The number.</param>
    public static IResult? Number(string? text, string parameter, NumberRange range, int? absent, out int result)
    {
        result = absent ?? 0;
        var isGood = string.IsNullOrEmpty(text) ? absent is not null : range.TryParse(text, out result);
        return isGood ? null : ErrorAnswer.BadParameter(parameter, range.Rule);
    }

    /// <summary>The name of a segment.</summary>
    public static IResult? Segment(string? name) =>
        string.IsNullOrEmpty(name) ? ErrorAnswer.BadParameter("segment", "is missing")
        : Encoding.UTF8.GetByteCount(name) > MaximumNameBytes
        ? ErrorAnswer.BadParameter("segment", $"must be 1 to {MaximumNameBytes} bytes")
        : null;

    /// <summary>An id.</summary>
    public static IResult? Id(string? text, string parameter, out Uuid result) =>
        Uuid.TryParse(text, out result)
            ? null : ErrorAnswer.BadParameter(parameter, "must be two numbers of 0 to 18446744073709551615 with - between them");
}
