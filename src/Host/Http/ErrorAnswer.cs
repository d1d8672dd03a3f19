// Errors as HTTP answers: status and JSON body. One place, so that the same code means the same everywhere.
using System.Globalization;
using System.Text.Json;
using HotStandby.Messages;
using Microsoft.AspNetCore.Http;

namespace HotStandby.Host.Http;

/// <summary>The body of every refusal.</summary>
/// <param name="Success">False.</param>
/// <param name="ErrorCode">Mooncake's number.</param>
/// <param name="ErrorMessage">Its name, or what is wrong in words.</param>
internal sealed record ErrorBody(bool Success, int ErrorCode, string ErrorMessage)
{
    /// <summary>/batch_query_keys without keys: the words again, under the name that its callers look for.</summary>
    public string? Error { get; init; }

    /// <summary>A removal that a lease refuses: how long the lease has left.</summary>
    public ulong? LeaseRemainingMs { get; init; }
}

/// <summary>Makes refusals.</summary>
internal static class ErrorAnswer
{
    // Of Mooncake's table, not of this master's: no call of this master answers them.
    private const int TenantNotRegistered = -1701;
    private const int TenantNotEmpty = -1702;

    /// <summary>Mooncake's name of a code: <c>OBJECT_NOT_FOUND</c>.</summary>
    public static string NameOf(ErrorCode code) => JsonNamingPolicy.SnakeCaseUpper.ConvertName(code.ToString());

    /// <summary>The HTTP status that goes with a code, as Mooncake has it.</summary>
    public static int StatusOf(ErrorCode code) => code switch
    {
        ErrorCode.InvalidParams => StatusCodes.Status400BadRequest,
        ErrorCode.SegmentNotFound or ErrorCode.ObjectNotFound or ErrorCode.JobNotFound or (ErrorCode)TenantNotRegistered =>
            StatusCodes.Status404NotFound,
        ErrorCode.UnavailableInCurrentStatus or ErrorCode.UnavailableInCurrentMode or (ErrorCode)TenantNotEmpty =>
            StatusCodes.Status409Conflict,
        _ => StatusCodes.Status500InternalServerError,
    };

    /// <summary>A code with the status of the table.</summary>
    public static IResult Of(ErrorCode code) => Of(StatusOf(code), code, NameOf(code));

    /// <summary>A code with a status of its own.</summary>
    public static IResult Of(int status, ErrorCode code, string message) => Json(status, new ErrorBody(false, (int)code, message));

    /// <summary>A body with its status.</summary>
    public static IResult Json(int status, ErrorBody body) => new Refusal(status, body);

    /// <summary>400: a parameter is missing or out of its range.</summary>
    /// <param name="parameter">Its name.</param>
    /// <param name="rule">What it must be.</param>
    public static IResult BadParameter(string parameter, string rule) =>
        Of(StatusCodes.Status400BadRequest, ErrorCode.InvalidParams, $"{parameter} {rule}");

    /// <summary>503: the node does not serve.</summary>
    public static IResult NotServing() =>
        Of(StatusCodes.Status503ServiceUnavailable, ErrorCode.UnavailableInCurrentMode,
            "this node does not serve; /replication names the leader");

    /// <summary>503: the node has not answered what it was asked of itself.</summary>
    public static IResult NoReport() =>
        Of(StatusCodes.Status503ServiceUnavailable, ErrorCode.UnavailableInCurrentStatus,
            "the node does not report: it may still be reading its journal");

    /// <summary>503: the node stopped leading before the outcome was known.</summary>
    public static IResult OutcomeUnknown() => Of(
        StatusCodes.Status503ServiceUnavailable, ErrorCode.RpcFail,
        "the outcome is unknown: the node stopped leading before the call was committed; ask the new leader");

    /// <summary>504: no outcome in time.</summary>
    public static IResult TimedOut(TimeSpan timeout) => Of(
        StatusCodes.Status504GatewayTimeout, ErrorCode.RpcTimeout,
        string.Create(CultureInfo.InvariantCulture, $"the outcome is unknown: no answer within {timeout.TotalSeconds:0.###} s"));

    // What it says of a change goes into the audit log, too.
    private sealed class Refusal(int status, ErrorBody body) : IResult, IStatusCodeHttpResult, IValueHttpResult<ErrorBody>
    {
        public int? StatusCode => status;

        public ErrorBody? Value => body;

        public Task ExecuteAsync(HttpContext context)
        {
            Change.Tell(context, body.ErrorMessage);
            return Results.Json(body, AdminJson.Default.ErrorBody, statusCode: status).ExecuteAsync(context);
        }
    }
}
