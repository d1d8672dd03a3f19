// Everything else that a client of etcd may call: it is told what this port is.
using System.Globalization;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace HotStandby.Host.Discovery;

/// <summary>The answer to calls that this port does not offer.</summary>
internal static class UnofferedCalls
{
    /// <summary>What this port is.</summary>
    public const string Sentence =
        "this is not an etcd: it is a Mooncake master of HotStandby.Actors, which tells clients where the Primary is "
        + "and stores nothing for them";

    /// <summary>Answers what no endpoint is for.</summary>
    public static void Answer(IApplicationBuilder app) => app.Use(static (context, next) =>
    {
        if (context.GetEndpoint() is not null)
            return next(context);
        if (context.Request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) != true)
        {
            context.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return context.Response.WriteAsync($"{Sentence}; it speaks gRPC alone: etcdserverpb.KV/Range and Watch\n");
        }

        // A gRPC answer without a message has its status in its headers.
        context.Response.ContentType = "application/grpc";
        context.Response.Headers["grpc-status"] = ((int)StatusCode.Unimplemented).ToString(CultureInfo.InvariantCulture);
        context.Response.Headers["grpc-message"] = Sentence;
        return Task.CompletedTask;
    });
}
